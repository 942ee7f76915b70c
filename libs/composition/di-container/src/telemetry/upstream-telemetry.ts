import {
  eventOfNote,
  eventOfStatus,
  type FailureBurst,
  type NewEvent,
  tellsOfStatus,
  type ToldNote,
} from '@omni/events';
import { type LifecycleNote, project, type UpstreamRecord } from '@omni/model';
import type { ReadRecords, UpstreamMeter } from '@omni/telemetry';

export interface UpstreamTelemetryOptions {
  readonly publish: (event: NewEvent) => void;
  readonly burst: FailureBurst;
  /** Absent where nothing is measured. */
  readonly measure?: ((records: ReadRecords) => UpstreamMeter) | undefined;
}

/** Makes events and measurements of what happens to upstreams. */
export class UpstreamTelemetry {
  readonly #options: UpstreamTelemetryOptions;
  readonly #records = new Map<string, UpstreamRecord>();
  /** Absent where nothing is measured. */
  readonly meter: UpstreamMeter | undefined;

  constructor(options: UpstreamTelemetryOptions) {
    this.#options = options;
    this.meter = options.measure?.(() => this.#records);
  }

  /** A record is another. Its notes are told by {@link onNote}, which may be later. */
  onChanged(server: string, record: UpstreamRecord, notes: readonly LifecycleNote[]): void {
    const before = this.#records.get(server);
    this.#records.set(server, record);
    this.meter?.onTransition(before, record);
    if (notes.some(({ kind }) => kind === 'recovery_attempt')) this.meter?.onRecoveryAttempt(server, record);
    if (before === undefined || notes.some(tellsOfStatus)) return;
    const { healthStatus: status, circuitState } = project(record);
    const { healthStatus: previousStatus } = project(before);
    if (status !== previousStatus)
      this.#options.publish(eventOfStatus({ upstream: server, status, previousStatus, circuitState }));
  }

  /** @param isUnpersisted - Whether there is a store that does not have it. */
  onNote(told: ToldNote, isUnpersisted: boolean): void {
    const { publish, burst } = this.#options;
    const event = eventOfNote(told);
    publish(isUnpersisted ? { ...event, data: { ...event.data, isUnpersisted } } : event);
    const alarm = told.note.kind === 'disconnected' ? burst.onDown(told.upstream) : undefined;
    if (alarm !== undefined) publish(alarm);
  }

  /** Others are gone. */
  keep(servers: ReadonlySet<string>): void {
    for (const name of this.#records.keys()) if (!servers.has(name)) this.#records.delete(name);
  }
}
