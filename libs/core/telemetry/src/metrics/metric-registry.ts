import type {
  Counter,
  Histogram,
  HistogramFacts,
  MetricFacts,
  MetricFamily,
  Metrics,
  ReadValue,
} from '@omni/ports';

/** Series of one metric, at most; what comes beyond is counted in one whose labels are all `other`. */
export const MAX_SERIES = 1_000;
/** What stands in a label in place of values that there is no room for. */
export const OTHER = 'other';
const MAX_LABEL_LENGTH = 128;

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
}

const OVERFLOWS: MetricFacts = {
  name: 'omni.metrics.overflows',
  help: 'How often a series was asked for that there was no room for.',
  labels: ['metric'],
};

/**
 * Keeps all measurements of a gateway in memory, for whoever reads them: a page for Prometheus, an exporter.
 *
 * Each metric has at most {@link MAX_SERIES} series, so that nobody fills the memory with names.
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

  /** Everything, in the order of the names. */
  read(): readonly MetricReading[] {
    return this.#metrics.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((metric) => metric.read());
  }

  #family<Series>({ name, labels = [] }: MetricFacts, create: () => Series): SeriesTree<Series> {
    return new SeriesTree(labels.length, create, () =>
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

interface SeriesNode<Series> {
  readonly children: Map<string, SeriesNode<Series>>;
  leaf: { readonly labels: readonly string[]; readonly series: Series } | undefined;
}

/** The series of one metric, found by one value after the other: no key is put together. */
class SeriesTree<Series> implements MetricFamily<Series> {
  readonly #labelCount: number;
  readonly #create: () => Series;
  readonly #onOverflow: () => void;
  readonly #root: SeriesNode<Series> = { children: new Map(), leaf: undefined };
  readonly #leaves: { readonly labels: readonly string[]; readonly series: Series }[] = [];
  #other: Series | undefined;

  constructor(labelCount: number, create: () => Series, onOverflow: () => void) {
    this.#labelCount = labelCount;
    this.#create = create;
    this.#onOverflow = onOverflow;
  }

  with(...values: readonly string[]): Series {
    let node: SeriesNode<Series> | undefined = this.#root;
    for (let at = 0; at < this.#labelCount && node !== undefined; at++)
      node = node.children.get(values[at] ?? '');
    return node?.leaf?.series ?? this.#add(values);
  }

  series(): readonly { readonly labels: readonly string[]; readonly series: Series }[] {
    return this.#leaves;
  }

  #add(values: readonly string[]): Series {
    if (/* guard: metrics/series */ this.#leaves.length >= MAX_SERIES) {
      this.#onOverflow();
      this.#other ??= this.#leaf(Array.from({ length: this.#labelCount }, () => OTHER));
      return this.#other;
    }
    let node = this.#root;
    const labels = Array.from({ length: this.#labelCount }, (_, at) => shortened(values[at] ?? ''));
    for (const value of labels) {
      let child = node.children.get(value);
      if (child === undefined) node.children.set(value, (child = { children: new Map(), leaf: undefined }));
      node = child;
    }
    if (node.leaf !== undefined) return node.leaf.series;
    const series = this.#leaf(labels);
    node.leaf = { labels, series };
    return series;
  }

  #leaf(labels: readonly string[]): Series {
    const series = this.#create();
    this.#leaves.push({ labels, series });
    return series;
  }
}

function shortened(value: string): string {
  return /* guard: metrics/label-length */ value.length > MAX_LABEL_LENGTH
    ? value.slice(0, MAX_LABEL_LENGTH)
    : value;
}
