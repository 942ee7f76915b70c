import type { Clock } from '@omni/ports';
import { BucketCounts } from './metric-registry.ts';

const WINDOW_MS = 60_000;

/** Quantiles of what was recorded in the last one to two minutes. */
export class RecentQuantiles {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #bounds: readonly number[];
  #current: BucketCounts;
  #previous: BucketCounts;
  #sinceMs: number;

  /** @param bounds - Rising; the finer, the better. */
  constructor(clock: Pick<Clock, 'monotonicMs'>, bounds: readonly number[]) {
    this.#clock = clock;
    this.#bounds = bounds;
    this.#current = new BucketCounts(bounds);
    this.#previous = new BucketCounts(bounds);
    this.#sinceMs = clock.monotonicMs();
  }

  record(value: number, nowMs: number): void {
    this.#turn(nowMs);
    this.#current.record(value);
  }

  /**
   * @param quantile - From 0 to 1.
   * @returns By interpolation within a bucket; `undefined` when nothing was recorded.
   */
  read(quantile: number): number | undefined {
    this.#turn(this.#clock.monotonicMs());
    const counts = [...this.#current.counts].map((count, at) => count + (this.#previous.counts[at] ?? 0));
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total === 0) return undefined;
    const rank = quantile * total;
    let below = 0;
    for (const [at, count] of counts.entries()) {
      const upper = this.#bounds[at];
      // Nobody knows how far above the last bound it is.
      if (upper === undefined) break;
      if (below + count >= rank && count > 0) {
        const lower = this.#bounds[at - 1] ?? 0;
        return lower + (upper - lower) * ((rank - below) / count);
      }
      below += count;
    }
    return this.#bounds.at(-1);
  }

  #turn(nowMs: number): void {
    const passed = nowMs - this.#sinceMs;
    if (passed < WINDOW_MS) return;
    this.#previous = passed < 2 * WINDOW_MS ? this.#current : new BucketCounts(this.#bounds);
    this.#current = new BucketCounts(this.#bounds);
    this.#sinceMs = nowMs;
  }
}
