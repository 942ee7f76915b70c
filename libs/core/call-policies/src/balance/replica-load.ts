import type { Clock, Millis } from '@omni/ports';

/** After so long, a measurement has lost about two thirds of its weight. */
const MEMORY_MS = 10_000;
/** What a measurement weighs at least, however soon it comes after another. */
const MIN_WEIGHT = 0.1;

/** What is known of the calls to one replica, as averages in which the latest ones weigh most. */
export class ReplicaLoad {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #inFlight = 0;
  #latencyMs: Millis | undefined;
  #errorShare = 0;
  #measuredAtMs: number;
  /** Failures without a success between them. */
  consecutiveFailures = 0;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
    this.#measuredAtMs = clock.monotonicMs();
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** `undefined` while nothing was answered. Fades, so that a replica that was slow is tried again. */
  get latencyMs(): Millis | undefined {
    return this.#latencyMs === undefined ? undefined : this.#latencyMs * this.#leftOfWeight();
  }

  /** From 0 to 1. Fades likewise. */
  get errorShare(): number {
    return this.#errorShare * this.#leftOfWeight();
  }

  begin(): void {
    this.#inFlight++;
  }

  /** @param ms - How long it took; absent where that says nothing. */
  end(outcome: 'answered' | 'failed' | 'ignored', ms: Millis): void {
    this.#inFlight--;
    if (outcome === 'ignored') return;
    const isFailure = outcome === 'failed';
    const weight = this.#weightOfNew();
    this.consecutiveFailures = isFailure ? this.consecutiveFailures + 1 : 0;
    this.#errorShare += weight * ((isFailure ? 1 : 0) - this.#errorShare);
    // A failure that comes at once must not make a replica the fastest.
    if (!isFailure)
      this.#latencyMs =
        this.#latencyMs === undefined ? ms : this.#latencyMs + weight * (ms - this.#latencyMs);
  }

  #weightOfNew(): number {
    const weight = Math.max(MIN_WEIGHT, 1 - this.#leftOfWeight());
    this.#measuredAtMs = this.#clock.monotonicMs();
    return weight;
  }

  /** From 1 just after a measurement down to 0. */
  #leftOfWeight(): number {
    return Math.exp((this.#measuredAtMs - this.#clock.monotonicMs()) / MEMORY_MS);
  }
}
