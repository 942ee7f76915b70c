import type { Clock } from '@omni/ports';

/** How often something may happen. */
export interface RateLimit {
  /** Calls per second in the long run: above 0, and below 1 for less than one a second. */
  readonly rps: number;
  /** Calls that may come at once after a pause: a whole number, 1 or more. */
  readonly burst: number;
}

export interface TokenBucketsOptions extends RateLimit {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Keys with a bucket of their own; those beyond share one. Default: 10,000. */
  readonly maxKeys?: number;
}

const DEFAULT_MAX_KEYS = 10_000;
/** Less than any wait that means something, more than what sums of fractions lose. */
const ROUNDING_MS = 1e-6;

/**
 * A token bucket for each key, e.g. for each upstream. A bucket that is full again is forgotten, so memory is
 * bounded by the keys of the last `burst / rps` seconds, and by `maxKeys`.
 *
 * A bucket is one number, the time at which it is full again (GCRA, ITU-T I.371).
 */
export class TokenBuckets {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #intervalMs: number;
  /** How far ahead a bucket may be full again when there is still a token in it. */
  readonly #slackMs: number;
  readonly #maxKeys: number;
  /** When each is full again. Who took last stands last, so buckets that are full stand first. */
  readonly #fullAtMs = new Map<string, number>();
  #sharedFullAtMs = Number.NEGATIVE_INFINITY;

  constructor({ rps, burst, clock, maxKeys = DEFAULT_MAX_KEYS }: TokenBucketsOptions) {
    this.#clock = clock;
    this.#intervalMs = 1_000 / rps;
    this.#slackMs = (burst - 1) * this.#intervalMs;
    this.#maxKeys = maxKeys;
  }

  /** Buckets that are not full. */
  get size(): number {
    return this.#fullAtMs.size;
  }

  /** @returns Milliseconds until there is a token; 0 when there is one. */
  waitMs(key: string): number {
    const waitMs = this.#fullAtOf(key) - this.#clock.monotonicMs() - this.#slackMs;
    return waitMs > ROUNDING_MS ? waitMs : 0;
  }

  /** Takes a token. @returns 0; or the milliseconds until there is one, and nothing is taken. */
  take(key: string): number {
    this.#forget();
    const waitMs = this.waitMs(key);
    // guard: rate/bucket
    if (waitMs > 0) return waitMs;
    const fullAtMs = Math.max(this.#fullAtOf(key), this.#clock.monotonicMs()) + this.#intervalMs;
    if (this.#hasOwn(key)) {
      this.#fullAtMs.delete(key);
      this.#fullAtMs.set(key, fullAtMs);
    } else this.#sharedFullAtMs = fullAtMs;
    return 0;
  }

  /** A token that was taken was not needed. */
  giveBack(key: string): void {
    const fullAtMs = this.#fullAtOf(key) - this.#intervalMs;
    if (this.#fullAtMs.has(key)) this.#fullAtMs.set(key, fullAtMs);
    else if (!this.#hasOwn(key)) this.#sharedFullAtMs = fullAtMs;
  }

  #fullAtOf(key: string): number {
    return this.#hasOwn(key) ? (this.#fullAtMs.get(key) ?? Number.NEGATIVE_INFINITY) : this.#sharedFullAtMs;
  }

  #hasOwn(key: string): boolean {
    return /* guard: rate/max-keys */ this.#fullAtMs.size < this.#maxKeys || this.#fullAtMs.has(key);
  }

  #forget(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [key, fullAtMs] of this.#fullAtMs) {
      if (fullAtMs > nowMs) return;
      // guard: rate/forgotten
      this.#fullAtMs.delete(key);
    }
  }
}
