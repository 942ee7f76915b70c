import type { HistogramFacts, MetricFacts, Metrics } from '@omni/ports';

const DURATION: HistogramFacts = {
  name: 'omni.secret.duration',
  help: 'How long providers of secrets take to answer.',
  unit: 's',
  labels: ['provider'],
  buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
};
const FAILURES: MetricFacts = {
  name: 'omni.secret.failures',
  help: 'Questions that providers of secrets could not answer, by error code.',
  labels: ['provider', 'error.type'],
};
const FALLBACKS: MetricFacts = {
  name: 'omni.secret.fallbacks',
  help: 'Secrets of providers that stood in for one that could not be asked.',
  labels: ['provider'],
};

/** Measures providers of secrets (S002-SE-06). */
export interface SecretMeter {
  /** @param outcome - `ok`, `unknown`, or an error code. */
  asked(provider: string, durationMs: number, outcome: string): void;
  fellBack(provider: string): void;
}

const UNMEASURED: SecretMeter = { asked() {}, fellBack() {} };

/** @param metrics - Absent: nothing is measured. */
export function secretMeter(metrics: Metrics | undefined): SecretMeter {
  if (metrics === undefined) return UNMEASURED;
  const durations = metrics.histogram(DURATION);
  const failures = metrics.counter(FAILURES);
  const fallbacks = metrics.counter(FALLBACKS);
  return {
    asked(provider, durationMs, outcome) {
      durations.with(provider).record(durationMs / 1_000);
      if (outcome !== 'ok' && outcome !== 'unknown') failures.with(provider, outcome).add();
    },
    fellBack: (provider) => fallbacks.with(provider).add(),
  };
}
