import type { NoteKind } from '@omni/model';

export type EventSeverity = 'info' | 'warn' | 'error' | 'critical';

/**
 * How an event behaves where a reader is slow. `state`: a later one of the same subject says all that counts.
 * `security`: given up last. `activity`, `alert`: neither.
 */
export type EventClass = 'state' | 'activity' | 'alert' | 'security';

/** One type of event, and its names in every dialect (requirements 3.7, R-22). `null`: it has none there. */
export interface EventFacts {
  readonly class: EventClass;
  readonly severity: EventSeverity;
  /** `event:` of server-sent events (S004). */
  readonly sse: string;
  /** `type` on the WebSocket (S001). */
  readonly ws: 'mcp_status_change' | 'recovery_progress' | 'circuit_opened' | 'critical_alert' | null;
  /** `event_type` of the health log (S001). */
  readonly healthLog: NoteKind | null;
  /** The observability event (S000). */
  readonly s000:
    | 'Server Start'
    | 'Server Stop'
    | 'Health Change'
    | 'Circuit Breaker'
    | 'Rate Limit'
    | 'Retry'
    | 'Timeout'
    | 'Config Error'
    | null;
}

/** Every type of event. */
export const EVENT_CATALOGUE = {
  'upstream.started': state('info', 'servers.changed', null, 'started', 'Server Start'),
  'upstream.stopped': state('info', 'servers.changed', null, 'stopped', 'Server Stop'),
  'upstream.connected': state('info', 'servers.changed', 'mcp_status_change', 'connected', 'Health Change'),
  'upstream.disconnected': state(
    'warn',
    'servers.changed',
    'mcp_status_change',
    'disconnected',
    'Health Change',
  ),
  'upstream.recovery_attempt': state(
    'info',
    'upstream.recovery',
    'recovery_progress',
    'recovery_attempt',
    'Retry',
  ),
  'upstream.recovered': state(
    'info',
    'servers.changed',
    'mcp_status_change',
    'recovery_success',
    'Health Change',
  ),
  'upstream.circuit_opened': state(
    'error',
    'upstream.circuit_opened',
    'circuit_opened',
    'circuit_opened',
    'Circuit Breaker',
  ),
  'upstream.circuit_closed': state(
    'info',
    'servers.changed',
    'mcp_status_change',
    'circuit_closed',
    'Circuit Breaker',
  ),
  'upstream.admin_disabled': state('info', 'servers.changed', 'mcp_status_change', 'manually_disabled', null),
  'upstream.enabled': state('info', 'servers.changed', 'mcp_status_change', 'manually_enabled', null),
  'upstream.auto_disabled': state(
    'critical',
    'servers.changed',
    'critical_alert',
    'auto_disabled',
    'Circuit Breaker',
  ),
  'upstream.degraded': state('warn', 'servers.changed', 'mcp_status_change', 'degraded', null),
  'upstream.misconfigured': state('error', 'servers.changed', 'mcp_status_change', 'misconfigured', null),
  'upstream.login_required': state('warn', 'servers.changed', 'mcp_status_change', 'login_required', null),
  /** The health status changed in a way that no other event tells. */
  'upstream.status_changed': state('info', 'servers.changed', 'mcp_status_change', null, 'Health Change'),
  /** More has failed than its error budget allows, or no more. */
  'upstream.error_budget_spent': alert('error', 'alert', 'critical_alert'),
  'upstream.error_budget_restored': state('info', 'servers.changed', null, null, null),
  'upstream.override_set': activity('warn', 'activity.override_set', null),
  'upstream.override_cleared': activity('info', 'activity.override_cleared', null),
  'upstream.faults_on': activity('warn', 'activity.faults_on', null),
  'upstream.faults_off': activity('info', 'activity.faults_off', null),
  'process.started': activity('info', 'activity.process_started', 'Server Start'),
  'process.exited': activity('info', 'activity.process_exited', 'Server Stop'),
  'fleet.multiple_failures': alert('critical', 'alert', 'critical_alert'),
  'coordinator.restarted': alert('critical', 'alert', 'critical_alert'),
  'request.routed': activity('info', 'activity.routed', null),
  'request.retried': activity('info', 'activity.retried', 'Retry'),
  'request.coalesced': activity('info', 'activity.coalesced', null),
  'request.fault_injected': activity('warn', 'activity.fault_injected', null),
  'request.timeout': activity('warn', 'activity.timeout', 'Timeout'),
  'request.circuit_opened': activity('warn', 'activity.circuit_opened', 'Circuit Breaker'),
  'request.circuit_closed': activity('info', 'activity.circuit_closed', 'Circuit Breaker'),
  'request.outcome_unknown': activity('warn', 'activity.outcome_unknown', null),
  'request.rate_limited': activity('warn', 'activity.rate_limited', 'Rate Limit'),
  'config.reloaded': state('info', 'config.reloaded', null, null, null),
  'config.error': { ...alert('error', 'config.error', null), s000: 'Config Error' },
  'catalogue.changed': state('info', 'tools.changed', null, null, null),
  'health.changed': state('info', 'health.changed', null, null, 'Health Change'),
  'security.policy_decision': {
    class: 'security',
    severity: 'warn',
    sse: 'activity.policy_decision',
    ws: null,
    healthLog: null,
    s000: null,
  },
} as const satisfies Readonly<Record<string, EventFacts>>;

export type EventType = keyof typeof EVENT_CATALOGUE;

/** What the catalogue says of a type. */
export function eventFacts(type: EventType): EventFacts {
  return EVENT_CATALOGUE[type];
}

function state(
  severity: EventSeverity,
  sse: string,
  ws: EventFacts['ws'],
  healthLog: EventFacts['healthLog'],
  s000: EventFacts['s000'],
): EventFacts {
  return { class: 'state', severity, sse, ws, healthLog, s000 };
}

function activity(severity: EventSeverity, sse: string, s000: EventFacts['s000']): EventFacts {
  return { class: 'activity', severity, sse, ws: null, healthLog: null, s000 };
}

function alert(severity: EventSeverity, sse: string, ws: EventFacts['ws']): EventFacts {
  return { class: 'alert', severity, sse, ws, healthLog: null, s000: null };
}
