import type { Clock, Millis } from '@omni/ports';

export interface LatencyQuantileOptions {
  /** How long a measurement counts: this long, up to twice as long. Default: 60,000. */
  readonly windowMs?: Millis;
  /** Measurements that are needed to say anything. Default: 20. */
  readonly minSamples?: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** Each bucket ends so much higher than it begins: the largest error of an answer. */
const GROWTH = 1.1;
/** How long an answer stands: many calls ask for the same. */
const KEPT_MS = 1_000;
const SHORTEST_MS = 0.1;
const LONGEST_MS = 3_600_000;
const BUCKETS = bucketOf(LONGEST_MS) + 1;

/** How long calls take, as quantiles of those of the last minute or two. */
export class LatencyQuantile {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #windowMs: Millis;
  readonly #minSamples: number;
  #kept: { readonly quantile: number; readonly ms: Millis; readonly untilMs: Millis } | undefined;
  /** Of the window that runs, and of the one before. */
  #counts = new Uint32Array(BUCKETS);
  #countsBefore = new Uint32Array(BUCKETS);
  #window = 0;

  constructor({ windowMs = 60_000, minSamples = 20, clock }: LatencyQuantileOptions) {
    this.#clock = clock;
    this.#windowMs = windowMs;
    this.#minSamples = minSamples;
  }

  /** @param ms - Values beyond 0.1 ms to 1 h count as these. */
  record(ms: Millis): void {
    this.#moveOn();
    const bucket = bucketOf(ms);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  /**
   * @param quantile - Above 0, up to 1.
   * @returns At least as long as this share of the calls took, and no more than a tenth longer; `undefined`
   *   while too few are known. What was answered within the last second is answered again.
   */
  quantileMs(quantile: number): Millis | undefined {
    const nowMs = this.#clock.monotonicMs();
    const kept = this.#kept;
    if (kept?.quantile === quantile && nowMs < kept.untilMs) return kept.ms;
    const ms = this.#measured(quantile);
    this.#kept = ms === undefined ? undefined : { quantile, ms, untilMs: nowMs + KEPT_MS };
    return ms;
  }

  #measured(quantile: number): Millis | undefined {
    this.#moveOn();
    const counts = this.#counts.map((count, bucket) => count + (this.#countsBefore[bucket] ?? 0));
    const total = counts.reduce((sum, count) => sum + count, 0);
    // guard: repeat/few-samples
    if (total < this.#minSamples) return undefined;
    const rank = Math.ceil(quantile * total);
    let seen = 0;
    const bucket = counts.findIndex((count) => (seen += count) >= rank);
    return SHORTEST_MS * GROWTH ** bucket;
  }

  #moveOn(): void {
    const window = Math.floor(this.#clock.monotonicMs() / this.#windowMs);
    if (window === this.#window) return;
    const isNext = window === this.#window + 1;
    this.#countsBefore = isNext ? this.#counts : new Uint32Array(BUCKETS);
    this.#counts = new Uint32Array(BUCKETS);
    this.#window = window;
  }
}

/** @returns The first bucket whose end is not below it; bucket 0 ends at the shortest. */
function bucketOf(ms: Millis): number {
  const steps = Math.log(Math.min(LONGEST_MS, ms) / SHORTEST_MS) / Math.log(GROWTH);
  return Math.max(0, Math.ceil(steps));
}
