import { eventsOf, type FailureBurst, type NewEvent } from '@omni/events';
import type { LifecycleNote, UpstreamRecord } from '@omni/model';
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

  onChanged(server: string, record: UpstreamRecord, notes: readonly LifecycleNote[]): void {
    const { publish, burst } = this.#options;
    const before = this.#records.get(server);
    this.#records.set(server, record);
    for (const event of eventsOf({ server, before, record, notes })) {
      publish(event);
      const alarm = event.type === 'upstream.disconnected' ? burst.onDown(server) : undefined;
      if (alarm !== undefined) publish(alarm);
      if (event.type === 'upstream.recovery_attempt') this.meter?.onRecoveryAttempt(server, record);
    }
    this.meter?.onTransition(before, record);
  }

  /** Others are gone. */
  keep(servers: ReadonlySet<string>): void {
    for (const name of this.#records.keys()) if (!servers.has(name)) this.#records.delete(name);
  }
}
