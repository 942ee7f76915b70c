import type { HistogramFacts, MetricFacts, MetricFamily, Metrics } from '@omni/ports';

/** Keeps what was measured, by name and labels. */
export class MetricRegistry implements Metrics {
  readonly #values = new Map<string, number | number[]>();

  values(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.#values);
  }

  counter({ name }: MetricFacts): MetricFamily<{ add(by?: number): void }> {
    return {
      with: (...labels) => {
        const key = [name, ...labels].join(' ');
        return {
          add: (by = 1) => void this.#values.set(key, Number(this.#values.get(key) ?? 0) + by),
        };
      },
    };
  }

  histogram({ name }: HistogramFacts): MetricFamily<{ record(value: number): void }> {
    return {
      with: (...labels) => {
        const key = [name, ...labels].join(' ');
        return {
          record: (value) => void this.#values.set(key, [...[this.#values.get(key) ?? []].flat(), value]),
        };
      },
    };
  }

  gauge(): void {}

  sum(): void {}
}
