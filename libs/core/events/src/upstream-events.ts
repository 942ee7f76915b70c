import { type LifecycleNote, type NoteKind, project, type UpstreamRecord } from '@omni/model';
import type { NewEvent } from './event.ts';
import { eventFacts, type EventType } from './event-catalogue.ts';

/** One transition of an upstream, as whoever keeps its record tells it. */
export interface UpstreamChange {
  readonly server: string;
  /** `undefined` for the first that is told of it. */
  readonly before: UpstreamRecord | undefined;
  readonly record: UpstreamRecord;
  readonly notes: readonly LifecycleNote[];
}

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
 * The events that a transition is: one for each note, and one more where the health status changes without
 * any that is called a health change (S000-HLT-05).
 *
 * Each has `status`, `previousStatus` and what its note says. An attempt to recover has its `reason`, and
 * `delayMs`, the time that was waited for it (S000-OBS-04).
 */
export function eventsOf({ server, before, record, notes }: UpstreamChange): readonly NewEvent[] {
  const subject = { server };
  const { healthStatus: status, circuitState } = project(record);
  const previousStatus = before === undefined ? null : project(before).healthStatus;
  const common = { status, previousStatus, circuitState };
  const events = notes.map((note): NewEvent => {
    const { kind, ...facts } = note;
    const data = kind === 'recovery_attempt' ? { ...facts, ...attemptFacts(before, record) } : facts;
    return { type: TYPES[kind], subject, data: { ...common, ...data } };
  });
  const isTold = events.some(({ type }) => eventFacts(type).s000 === 'Health Change');
  if (status !== previousStatus && !isTold)
    events.unshift({ type: 'upstream.status_changed', subject, data: common });
  return events;
}

function attemptFacts(
  before: UpstreamRecord | undefined,
  { state, history: { lastError } }: UpstreamRecord,
): Readonly<Record<string, unknown>> {
  return {
    ...(lastError !== null && { reason: lastError.code }),
    ...(before !== undefined && { delayMs: Math.max(0, state.since - before.state.since) }),
  };
}
