import type {
  Counter,
  Histogram,
  HistogramFacts,
  MetricFacts,
  MetricFamily,
  Metrics,
  ReadValue,
} from '@omni/ports';
import { MAX_SERIES, SeriesTree, shortened } from './series-tree.ts';

/** One value with its labels, as they are at the moment of reading. */
export interface NumberPoint {
  readonly labels: readonly string[];
  readonly value: number;
}

export interface HistogramPoint {
  readonly labels: readonly string[];
  /** How many values each bucket has, not those below it; the last one is for what is above all bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** One metric as it is at the moment of reading. */
export type MetricReading =
  | {
      readonly kind: 'counter' | 'gauge';
      readonly facts: MetricFacts;
      readonly points: readonly NumberPoint[];
    }
  | {
      readonly kind: 'histogram';
      readonly facts: HistogramFacts;
      readonly points: readonly HistogramPoint[];
    };

interface Registered {
  readonly name: string;
  read(): MetricReading;
  keep?(owners: ReadonlySet<string>): void;
}

const OVERFLOWS: MetricFacts = {
  name: 'omni.metrics.overflows',
  help: 'How often a series was asked for that there was no room for.',
  labels: ['metric'],
};

/**
 * Keeps all measurements of a gateway in memory, for whoever reads them: a page for Prometheus, an exporter.
 *
 * Each metric has a limit of series, so that nobody fills the memory with names.
 */
export class MetricRegistry implements Metrics {
  readonly #metrics: Registered[] = [];
  readonly #overflows = new Map<string, number>();

  constructor() {
    this.sum(OVERFLOWS, () => [...this.#overflows].map(([name, count]): ReadValue => [count, name]));
  }

  counter(facts: MetricFacts): MetricFamily<Counter> {
    const family = this.#family(facts, () => new Count());
    this.#metrics.push({
      name: facts.name,
      keep: (owners) => family.keep(owners),
      read: () => ({
        kind: 'counter',
        facts,
        points: family.series().map(({ labels, series: { value } }) => ({ labels, value })),
      }),
    });
    return family;
  }

  histogram(facts: HistogramFacts): MetricFamily<Histogram> {
    const family = this.#family(facts, () => new BucketCounts(facts.buckets));
    this.#metrics.push({
      name: facts.name,
      keep: (owners) => family.keep(owners),
      read: () => ({
        kind: 'histogram',
        facts,
        points: family
          .series()
          .map(({ labels, series: { counts, sum } }) => ({ labels, counts: [...counts], sum })),
      }),
    });
    return family;
  }

  gauge(facts: MetricFacts, read: () => Iterable<ReadValue>): void {
    this.#metrics.push({ name: facts.name, read: () => ({ kind: 'gauge', facts, points: pointsOf(read) }) });
  }

  sum(facts: MetricFacts, read: () => Iterable<ReadValue>): void {
    this.#metrics.push({
      name: facts.name,
      read: () => ({ kind: 'counter', facts, points: pointsOf(read) }),
    });
  }

  /** Drops what was counted of all other owners. */
  keep(owners: ReadonlySet<string>): void {
    for (const metric of this.#metrics) metric.keep?.(owners);
  }

  /** Everything, in the order of the names. */
  read(): readonly MetricReading[] {
    return this.#metrics.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((metric) => metric.read());
  }

  #family<Series>(facts: MetricFacts, create: () => Series): SeriesTree<Series> {
    const { name } = facts;
    return new SeriesTree(facts, create, () =>
      this.#overflows.set(name, (this.#overflows.get(name) ?? 0) + 1),
    );
  }
}

/** The points of what is read now; no more than a metric may have. */
function pointsOf(read: () => Iterable<ReadValue>): NumberPoint[] {
  const points: NumberPoint[] = [];
  for (const [value, ...labels] of read()) {
    // guard: metrics/read-series
    if (points.length >= MAX_SERIES) break;
    points.push({ labels: labels.map(shortened), value });
  }
  return points;
}

class Count implements Counter {
  value = 0;

  add(by = 1): void {
    this.value += by;
  }
}

/** Counts values by range. */
export class BucketCounts implements Histogram {
  readonly bounds: readonly number[];
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  record(value: number): void {
    const { bounds, counts } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] ?? Infinity)) at++;
    counts[at] = (counts[at] ?? 0) + 1;
    this.sum += value;
  }
}
