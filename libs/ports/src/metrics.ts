/** What a metric is, in the terms of OpenTelemetry; every backend makes its own names of these. */
export interface MetricFacts {
  /** With dots, e.g. `mcp.server.operation.duration`; without the unit. */
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  /** `s`: seconds. `By`: bytes. Default: none. */
  readonly unit?: 's' | 'By';
  /** Names of what tells the series apart, with dots. Default: there is one series. */
  readonly labels?: readonly string[];
  /** The label that says whose a series is: owners share the room fairly, and their series go with them. */
  readonly owner?: string;
}

export interface HistogramFacts extends MetricFacts {
  /** Upper bounds, rising, in the unit; what is above the last one counts too. */
  readonly buckets: readonly number[];
}

/** Counts up. */
export interface Counter {
  /** @param by - Default: 1. */
  add(by?: number): void;
}

/** Counts how often values fall into ranges. */
export interface Histogram {
  record(value: number): void;
}

/** One metric with all its series. */
export interface MetricFamily<Series> {
  /**
   * The series of these values, in the order of the labels; an empty one says that the label does not apply.
   * Busy paths ask once and keep it, where series have no owner.
   */
  with(...values: readonly string[]): Series;
}

/** One value of a metric that is read when somebody looks. */
export type ReadValue = readonly [value: number, ...labels: readonly string[]];

/** Where measurements go. Never throws for a value; counting one allocates nothing. */
export interface Metrics {
  counter(facts: MetricFacts): MetricFamily<Counter>;
  histogram(facts: HistogramFacts): MetricFamily<Histogram>;
  /** @param read - Asked when somebody looks. */
  gauge(facts: MetricFacts, read: () => Iterable<ReadValue>): void;
  /** A sum that somebody else counts. @param read - Asked when somebody looks; never falls. */
  sum(facts: MetricFacts, read: () => Iterable<ReadValue>): void;
}
