import type { StatusLevel } from '@omni/ports';
import { isDegraded } from './phases.ts';
import type { DisabledBy, UpstreamRecord, UpstreamState } from './upstream-state.ts';

/** The inner states of requirements 3.5, and those that Omni adds. */
export type InnerState =
  | 'idle'
  | 'asleep'
  | 'starting'
  | 'pending_auth'
  | 'discovering'
  | 'healthy'
  | 'degraded'
  | 'disconnected'
  | 'circuit_open'
  | 'half_open'
  | 'misconfigured'
  | 'disabled'
  | 'stopping'
  | 'stopped';

/** `mcp_servers.health_status` (S001-ST-05). */
export type HealthStatus = 'healthy' | 'disconnected' | 'circuit_open' | 'disabled';
/** `mcp_servers.circuit_state` (S001-CB-01). */
export type CircuitState = 'closed' | 'open' | 'half_open';

/** Every vocabulary for one state: nothing else computes a status. */
export interface UpstreamProjection {
  readonly inner: InnerState;
  readonly healthStatus: HealthStatus;
  readonly circuitState: CircuitState;
  /** S003-HM-01. */
  readonly level: StatusLevel;
  /** S004: whether it works, whether it may, and what to do. */
  readonly health: {
    readonly level: 'healthy' | 'degraded' | 'unhealthy';
    readonly adminState: 'enabled' | 'disabled' | 'quarantined';
    /** One short sentence. */
    readonly summary: string;
    readonly detail: string;
    readonly action: '' | 'login' | 'restart' | 'enable' | 'approve' | 'configure' | 'view_logs';
  };
  /** For gauges: 0 disabled, 1 circuit open, 2 disconnected, 3 starting, 4 degraded, 5 healthy. */
  readonly number: 0 | 1 | 2 | 3 | 4 | 5;
  readonly disabledBy: DisabledBy | null;
}

type Row = Omit<UpstreamProjection, 'inner' | 'health' | 'disabledBy'> & {
  readonly health: Omit<UpstreamProjection['health'], 'detail' | 'adminState'>;
};

const ROWS: Readonly<Record<InnerState, Row>> = {
  idle: row('disconnected', 'closed', 'unknown', 3, 'degraded', 'Not started yet', ''),
  asleep: row('healthy', 'closed', 'ok', 5, 'healthy', 'Asleep; the next call starts it', ''),
  starting: row('disconnected', 'closed', 'warn', 3, 'degraded', 'Starting', ''),
  pending_auth: row('disconnected', 'closed', 'warn', 2, 'unhealthy', 'Waits for a login', 'login'),
  discovering: row('disconnected', 'closed', 'warn', 3, 'degraded', 'Its lists are being read', ''),
  healthy: row('healthy', 'closed', 'ok', 5, 'healthy', 'Works', ''),
  degraded: row('healthy', 'closed', 'warn', 4, 'degraded', 'Works with trouble', 'view_logs'),
  disconnected: row(
    'disconnected',
    'closed',
    'error',
    2,
    'unhealthy',
    'Not connected; Omni keeps trying',
    'view_logs',
  ),
  circuit_open: row(
    'circuit_open',
    'open',
    'error',
    1,
    'unhealthy',
    'Failed again and again; Omni waits longer',
    'restart',
  ),
  half_open: row('circuit_open', 'half_open', 'error', 1, 'unhealthy', 'One trial is under way', ''),
  misconfigured: row(
    'disabled',
    'closed',
    'error',
    0,
    'unhealthy',
    'Cannot start as it is configured',
    'configure',
  ),
  disabled: row('disabled', 'closed', 'warn', 0, 'healthy', 'Switched off', 'enable'),
  stopping: row('disabled', 'closed', 'warn', 0, 'degraded', 'Stopping', ''),
  stopped: row('disabled', 'closed', 'unknown', 0, 'healthy', 'Stopped', ''),
};

/** What lifts it. */
const ENABLED_BY: Readonly<Record<DisabledBy, UpstreamProjection['health']['action']>> = {
  admin: 'enable',
  configuration: 'configure',
  missing_env: 'configure',
  feature_flag: 'configure',
  auto_downtime: 'enable',
  auto_cycles: 'enable',
  quarantine: 'approve',
};

/** What a record is in every vocabulary. */
export function project({ state, history }: UpstreamRecord): UpstreamProjection {
  const inner = innerStateOf(state, history.lastAttemptAt !== null);
  const { health, ...rest } = ROWS[inner];
  const by = state.phase === 'disabled' ? state.by : null;
  const isAuto = by === 'auto_downtime' || by === 'auto_cycles';
  return {
    inner,
    ...rest,
    // What nobody has asked to be off, and is, is an error.
    level: isAuto ? 'error' : rest.level,
    health: {
      ...health,
      level: isAuto ? 'unhealthy' : health.level,
      adminState: by === 'quarantine' ? 'quarantined' : by === null || isAuto ? 'enabled' : 'disabled',
      action: by === null ? health.action : ENABLED_BY[by],
      detail: detailOf(state),
    },
    disabledBy: by,
  };
}

export function innerStateOf(state: UpstreamState, hasRun: boolean): InnerState {
  switch (state.phase) {
    case 'stopped':
      return hasRun ? 'stopped' : 'idle';
    case 'asleep':
      return 'asleep';
    case 'starting':
      return state.isTrial ? 'half_open' : 'starting';
    case 'ready':
      if (!state.isListed) return state.isTrial ? 'half_open' : 'discovering';
      return isDegraded(state) ? 'degraded' : 'healthy';
    case 'login':
      return 'pending_auth';
    case 'down':
      return state.circuit === null ? 'disconnected' : 'circuit_open';
    case 'misconfigured':
      return 'misconfigured';
    case 'draining':
      return 'stopping';
    case 'disabled':
      return 'disabled';
  }
}

function detailOf(state: UpstreamState): string {
  if (state.phase === 'disabled') return state.reason;
  return 'error' in state ? state.error.message : '';
}

function row(
  healthStatus: HealthStatus,
  circuitState: CircuitState,
  level: StatusLevel,
  number: UpstreamProjection['number'],
  healthLevel: UpstreamProjection['health']['level'],
  summary: string,
  action: UpstreamProjection['health']['action'],
): Row {
  return { healthStatus, circuitState, level, number, health: { level: healthLevel, summary, action } };
}
