import type { CircuitState, HealthStatus, LifecycleNote, NoteKind } from '@omni/model';
import type { Millis } from '@omni/ports';
import type { NewEvent } from './event.ts';
import { eventFacts, type EventType } from './event-catalogue.ts';

/** One note of the life of an upstream, as whoever keeps its record tells it. */
export interface ToldNote {
  /** Unique among all notes: after a crash a note may be told once more. */
  readonly id: string;
  readonly upstream: string;
  readonly note: LifecycleNote;
  readonly status: HealthStatus;
  readonly previousStatus: HealthStatus;
  readonly circuitState: CircuitState;
  /** How long it was in the state before. */
  readonly lastedMs: Millis;
  /** Code of what failed last. */
  readonly lastErrorCode: string | null;
}

/** A change of the health status that nothing is noted of. */
export type StatusChange = Pick<ToldNote, 'upstream' | 'status' | 'previousStatus' | 'circuitState'>;

const TYPES: Readonly<Record<NoteKind, EventType>> = {
  connected: 'upstream.connected',
  disconnected: 'upstream.disconnected',
  recovery_attempt: 'upstream.recovery_attempt',
  recovery_success: 'upstream.recovered',
  circuit_opened: 'upstream.circuit_opened',
  circuit_closed: 'upstream.circuit_closed',
  manually_disabled: 'upstream.admin_disabled',
  manually_enabled: 'upstream.enabled',
  auto_disabled: 'upstream.auto_disabled',
  started: 'upstream.started',
  stopped: 'upstream.stopped',
  degraded: 'upstream.degraded',
  misconfigured: 'upstream.misconfigured',
  login_required: 'upstream.login_required',
};

/**
 * The event that a note is. It has `noteId`, `status`, `previousStatus` and what the note says; an attempt to
 * recover has its `reason`, and `delayMs`, the time that was waited for it (S000-OBS-04).
 */
export function eventOfNote({
  id,
  upstream,
  note: { kind, ...facts },
  status,
  previousStatus,
  circuitState,
  lastedMs,
  lastErrorCode,
}: ToldNote): NewEvent {
  const attempt =
    kind === 'recovery_attempt'
      ? { delayMs: lastedMs, ...(lastErrorCode !== null && { reason: lastErrorCode }) }
      : {};
  return {
    type: TYPES[kind],
    subject: { server: upstream },
    data: { noteId: id, status, previousStatus, circuitState, ...facts, ...attempt },
  };
}

/** The event that a change of the health status is, where none of its notes is called one (S000-HLT-05). */
export function eventOfStatus({ upstream, ...data }: StatusChange): NewEvent {
  return { type: 'upstream.status_changed', subject: { server: upstream }, data };
}

/** Whether a note tells of the health status, too. */
export function tellsOfStatus({ kind }: LifecycleNote): boolean {
  return eventFacts(TYPES[kind]).s000 === 'Health Change';
}
