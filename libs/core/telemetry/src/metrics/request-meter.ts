import type { Outcome } from '@omni/model';
import type { Clock, Histogram, MetricFamily, Metrics, Millis, ReadValue } from '@omni/ports';
import { knownError } from '../known-errors.ts';
import { knownMethod } from '../known-methods.ts';
import { errorOfOutcome } from '../outcome-error.ts';
import { FINE_DURATIONS, REQUEST_QUANTILES, SERVER_DURATION } from '../semantic-names.ts';
import { RecentQuantiles } from './recent-quantiles.ts';

const QUANTILES = [0.5, 0.95, 0.99];

/** A request that has ended. */
export interface MeteredRequest {
  readonly message: { readonly method: string };
  /** Monotonic: when it was read. */
  readonly arrivedMs: Millis;
}

/** Measures how long requests of clients take, and how they end. */
export class RequestMeter {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #durations: MetricFamily<Histogram>;
  readonly #recent: RecentQuantiles;

  constructor(metrics: Metrics, clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
    this.#durations = metrics.histogram(SERVER_DURATION);
    this.#recent = new RecentQuantiles(clock, FINE_DURATIONS);
    metrics.gauge(REQUEST_QUANTILES, () =>
      QUANTILES.flatMap((quantile): ReadValue[] => {
        const value = this.#recent.read(quantile);
        return value === undefined ? [] : [[value, String(quantile)]];
      }),
    );
  }

  onSettled({ message: { method }, arrivedMs }: MeteredRequest, outcome: Outcome): void {
    const nowMs = this.#clock.monotonicMs();
    const seconds = (nowMs - arrivedMs) / 1_000;
    this.#durations.with(knownMethod(method), knownError(errorOfOutcome(outcome))).record(seconds);
    // How long somebody listens says nothing of how fast Omni is.
    if (method !== 'subscriptions/listen') this.#recent.record(seconds, nowMs);
  }
}
