const SUB_BUCKET_BITS = 6;
const SUB_BUCKETS = 1 << SUB_BUCKET_BITS;
const MAX_EXPONENT = 27;

/** Latency summary; every figure in microseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/**
 * Counts of latencies in log-linear buckets: 64 per power of two, so a quantile is off by at most 1.6 %.
 * Values are whole microseconds from 0 up to about 134 s; larger ones fall into the last bucket, `max` stays
 * exact.
 */
export class LatencyHistogram {
  readonly #counts = new Float64Array((MAX_EXPONENT - SUB_BUCKET_BITS + 2) * SUB_BUCKETS);
  #count = 0;
  #sum = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  record(microseconds: number): void {
    const value = microseconds > 0 ? Math.round(microseconds) : 0;
    const index = bucketOf(value);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count += 1;
    this.#sum += value;
    if (value > this.#max) this.#max = value;
  }

  /**
   * The value below or at which the share `quantile` (0 to 1) of all records lies; 0 when nothing was
   * recorded.
   */
  quantile(quantile: number): number {
    const rank = Math.max(1, Math.ceil(quantile * this.#count));
    let seen = 0;
    for (const [index, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= rank && count > 0) return Math.min(highestOf(index), this.#max);
    }
    return 0;
  }

  summary(): LatencySummary {
    return {
      count: this.#count,
      mean: this.#count === 0 ? 0 : this.#sum / this.#count,
      p50: this.quantile(0.5),
      p95: this.quantile(0.95),
      p99: this.quantile(0.99),
      p999: this.quantile(0.999),
      max: this.#max,
    };
  }
}

function bucketOf(value: number): number {
  if (value < SUB_BUCKETS) return value;
  const exponent = Math.min(31 - Math.clz32(value), MAX_EXPONENT);
  const shift = exponent - SUB_BUCKET_BITS;
  const sub = Math.min((value >>> shift) - SUB_BUCKETS, SUB_BUCKETS - 1);
  return (shift + 1) * SUB_BUCKETS + sub;
}

function highestOf(index: number): number {
  if (index < SUB_BUCKETS) return index;
  const shift = Math.floor(index / SUB_BUCKETS) - 1;
  const sub = index % SUB_BUCKETS;
  return (SUB_BUCKETS + sub + 1) * 2 ** shift - 1;
}
