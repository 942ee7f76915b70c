import { project, type CircuitState, type UpstreamRecord } from '@omni/model';
import type { Clock, Counter, Histogram, MetricFamily, Metrics, ReadValue } from '@omni/ports';
import {
  CIRCUIT_STATE,
  CIRCUIT_TRANSITIONS,
  EXITS,
  PROBE_DURATION,
  PROBE_FAILURES,
  PROBE_LATENCY,
  PROBE_SUCCESSES,
  RESTART_REASONS,
  RESTARTS,
  SPAWNS,
  UPSTREAM_STATE,
  UPSTREAM_UP,
  UPTIME,
} from '../semantic-names.ts';

/** The upstreams that there are now, by name. */
export type ReadRecords = () => Iterable<readonly [name: string, record: UpstreamRecord]>;

const CIRCUIT_NUMBERS: Readonly<Record<CircuitState, number>> = { closed: 0, half_open: 1, open: 2 };

/** Measures the life of servers and of their processes (X000-04). */
export class UpstreamMeter {
  readonly #spawns: MetricFamily<Counter>;
  readonly #exits: MetricFamily<Counter>;
  readonly #restarts: MetricFamily<Counter>;
  readonly #restartReasons: MetricFamily<Counter>;
  readonly #circuits: MetricFamily<Counter>;
  readonly #probeSuccesses: MetricFamily<Counter>;
  readonly #probeFailures: MetricFamily<Counter>;
  readonly #probeLatency: MetricFamily<Histogram>;
  readonly #probeDuration: MetricFamily<Histogram>;

  constructor(metrics: Metrics, clock: Pick<Clock, 'now'>, records: ReadRecords) {
    this.#spawns = metrics.counter(SPAWNS);
    this.#exits = metrics.counter(EXITS);
    this.#restarts = metrics.counter(RESTARTS);
    this.#restartReasons = metrics.counter(RESTART_REASONS);
    this.#circuits = metrics.counter(CIRCUIT_TRANSITIONS);
    this.#probeSuccesses = metrics.counter(PROBE_SUCCESSES);
    this.#probeFailures = metrics.counter(PROBE_FAILURES);
    this.#probeLatency = metrics.histogram(PROBE_LATENCY);
    this.#probeDuration = metrics.histogram(PROBE_DURATION);
    const each = (read: (name: string, record: UpstreamRecord) => ReadValue | undefined) => () =>
      [...records()].flatMap(([name, record]): ReadValue[] => {
        const value = read(name, record);
        return value === undefined ? [] : [value];
      });
    metrics.gauge(
      UPTIME,
      each((name, { state }) =>
        state.phase === 'ready' ? [Math.max(0, clock.now() - state.since) / 1_000, name] : undefined,
      ),
    );
    metrics.gauge(
      UPSTREAM_STATE,
      each((name, record) => [1, name, project(record).inner]),
    );
    metrics.gauge(
      UPSTREAM_UP,
      each((name, { state }) => [state.phase === 'ready' && state.isListed ? 1 : 0, name]),
    );
    metrics.gauge(
      CIRCUIT_STATE,
      each((name, record) => [CIRCUIT_NUMBERS[project(record).circuitState], name]),
    );
  }

  onSpawned(server: string): void {
    this.#spawns.with(server).add();
  }

  /** @param code - Exit code, or name of the signal. */
  onExited(server: string, code: string): void {
    this.#exits.with(server, code).add();
  }

  /** An attempt to bring a server back begins. */
  onRecoveryAttempt(server: string, record: UpstreamRecord): void {
    this.#restarts.with(server).add();
    this.#restartReasons.with(record.history.lastError?.code ?? '').add();
  }

  onTransition(before: UpstreamRecord | undefined, record: UpstreamRecord): void {
    const from = before === undefined ? 'closed' : project(before).circuitState;
    const to = project(record).circuitState;
    if (from !== to) this.#circuits.with(from, to).add();
  }

  /** @param tookMs - How long the answer took; `undefined` when there was none. */
  onProbed(server: string, tookMs: number | undefined): void {
    if (tookMs === undefined) return this.#probeFailures.with(server).add();
    this.#probeSuccesses.with(server).add();
    this.#probeLatency.with(server).record(tookMs);
    this.#probeDuration.with(server).record(tookMs / 1_000);
  }
}
