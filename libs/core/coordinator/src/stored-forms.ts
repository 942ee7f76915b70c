import { project, type UpstreamRecord } from '@omni/model';
import type { HealthLogRow, Millis, UpstreamStateRow } from '@omni/ports';
import type { UpstreamNote } from './collaborators.ts';

/** An upstream with its record, and the definition that the record belongs to. */
export interface RecordOwner {
  readonly name: string;
  /** Identity of the definition. */
  readonly definition: string;
  readonly record: UpstreamRecord;
}

/** The columns of `mcp_servers` for a record. */
export function stateRowOf({ name, definition, record }: RecordOwner): UpstreamStateRow {
  const { state, history } = record;
  const { healthStatus, circuitState, disabledBy } = project(record);
  const isDisabled = state.phase === 'disabled';
  return {
    name,
    record: JSON.stringify(record),
    recordRevision: definition,
    healthStatus,
    circuitState,
    consecutiveFailures: history.consecutiveFailures,
    failedCycles: history.failedCycles,
    lastRecoveryAttempt: history.lastAttemptAt,
    nextAttemptAt: 'nextAttemptAt' in state ? state.nextAttemptAt : null,
    lastHealthCheck: history.lastSeenAt,
    lastSeen: history.lastSeenAt,
    outageStartedAt: history.outage?.startedAt ?? null,
    totalDowntimeMs: history.totalDowntimeMs,
    // What is stopped with Omni is not switched off.
    disabledReason: state.phase === 'stopped' ? 'shutdown' : disabledBy,
    disabledAt: isDisabled ? state.since : null,
    lastErrorCode: history.lastError?.code ?? null,
    lastError: history.lastError?.message ?? null,
    protocolVersion: null,
    serverInfo: null,
  };
}

/** The row of `mcp_health_log` for a note. */
export function logRowOf({ id, at, upstream, note, status, previousStatus }: UpstreamNote): HealthLogRow {
  return {
    upstream,
    at,
    eventType: note.kind,
    status,
    previousStatus,
    reason: note.reason ?? null,
    responseTimeMs: null,
    errorCode: note.error?.code ?? null,
    errorMessage: note.error?.message ?? null,
    attempt: note.attempt ?? null,
    recoveryEtaMs: note.recoveryEtaMs ?? null,
    metadata: note.downtimeMs === undefined ? null : JSON.stringify({ downtimeMs: note.downtimeMs }),
    instanceId: id.slice(0, id.lastIndexOf('-')),
  };
}

/** Rows of the health log that could not be kept. */
export interface Gap {
  readonly since: Millis;
  readonly until: Millis;
  readonly rows: number;
}

export function gapRowOf({ since, until, rows }: Gap, run: string): HealthLogRow {
  return {
    upstream: null,
    at: until,
    eventType: 'gap',
    status: null,
    previousStatus: null,
    reason: 'store_unavailable',
    responseTimeMs: null,
    errorCode: null,
    errorMessage: null,
    attempt: null,
    recoveryEtaMs: null,
    metadata: JSON.stringify({ since, until, rows }),
    instanceId: run,
  };
}
