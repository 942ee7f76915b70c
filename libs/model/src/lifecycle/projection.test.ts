import { describe, expect, it } from '@jest/globals';
import { BEGIN, FAILURE, recordOf } from './lifecycle.fixture.ts';
import { type InnerState, project, type UpstreamProjection } from './projection.ts';
import type { UpstreamRecord, UpstreamState } from './upstream-state.ts';

const since = BEGIN;
const { error } = FAILURE;
const READY = {
  phase: 'ready',
  since,
  era: 'legacy',
  isTrial: false,
  isListed: true,
  hasListProblem: false,
  misses: 0,
  probeAt: null,
} as const satisfies UpstreamState;
const DOWN = { phase: 'down', since, error, nextAttemptAt: BEGIN, circuit: null } as const;
const OFF = { phase: 'disabled', since, reason: 'why' } as const;
const HAS_RUN = { lastAttemptAt: BEGIN } as const;

type Row = readonly [
  InnerState,
  UpstreamProjection['healthStatus'],
  UpstreamProjection['circuitState'],
  UpstreamProjection['level'],
  UpstreamProjection['health']['level'],
  UpstreamProjection['health']['action'],
  UpstreamProjection['number'],
];

/** Every phase, with everything in it that a vocabulary tells apart. */
const TABLE: readonly (readonly [string, UpstreamRecord, Row])[] = [
  [
    'stopped, never started',
    recordOf({ phase: 'stopped', since }),
    ['idle', 'disconnected', 'closed', 'unknown', 'degraded', '', 3],
  ],
  [
    'stopped',
    recordOf({ phase: 'stopped', since }, HAS_RUN),
    ['stopped', 'disabled', 'closed', 'unknown', 'healthy', '', 0],
  ],
  ['asleep', recordOf({ phase: 'asleep', since }), ['asleep', 'healthy', 'closed', 'ok', 'healthy', '', 5]],
  [
    'starting',
    recordOf({ phase: 'starting', since, isTrial: false }),
    ['starting', 'disconnected', 'closed', 'warn', 'degraded', '', 3],
  ],
  [
    'starting as a trial',
    recordOf({ phase: 'starting', since, isTrial: true }),
    ['half_open', 'circuit_open', 'half_open', 'error', 'unhealthy', '', 1],
  ],
  [
    'up, not listed',
    recordOf({ ...READY, isListed: false }),
    ['discovering', 'disconnected', 'closed', 'warn', 'degraded', '', 3],
  ],
  [
    'up as a trial, not listed',
    recordOf({ ...READY, isListed: false, isTrial: true }),
    ['half_open', 'circuit_open', 'half_open', 'error', 'unhealthy', '', 1],
  ],
  ['well', recordOf(READY), ['healthy', 'healthy', 'closed', 'ok', 'healthy', '', 5]],
  [
    'well after a trial',
    recordOf({ ...READY, isTrial: true }),
    ['healthy', 'healthy', 'closed', 'ok', 'healthy', '', 5],
  ],
  [
    'missing a probe',
    recordOf({ ...READY, misses: 1 }),
    ['degraded', 'healthy', 'closed', 'warn', 'degraded', 'view_logs', 4],
  ],
  [
    'missing a list',
    recordOf({ ...READY, hasListProblem: true }),
    ['degraded', 'healthy', 'closed', 'warn', 'degraded', 'view_logs', 4],
  ],
  [
    'waiting for a login',
    recordOf({ phase: 'login', since, error, nextAttemptAt: BEGIN }),
    ['pending_auth', 'disconnected', 'closed', 'warn', 'unhealthy', 'login', 2],
  ],
  ['down', recordOf(DOWN), ['disconnected', 'disconnected', 'closed', 'error', 'unhealthy', 'view_logs', 2]],
  [
    'down after failures',
    recordOf({ ...DOWN, circuit: 'failures' }),
    ['circuit_open', 'circuit_open', 'open', 'error', 'unhealthy', 'restart', 1],
  ],
  [
    'down after falls',
    recordOf({ ...DOWN, circuit: 'flapping' }),
    ['circuit_open', 'circuit_open', 'open', 'error', 'unhealthy', 'restart', 1],
  ],
  [
    'misconfigured',
    recordOf({ phase: 'misconfigured', since, error }),
    ['misconfigured', 'disabled', 'closed', 'error', 'unhealthy', 'configure', 0],
  ],
  [
    'draining',
    recordOf({ phase: 'draining', since, until: BEGIN, next: { phase: 'stopped' } }),
    ['stopping', 'disabled', 'closed', 'warn', 'degraded', '', 0],
  ],
  [
    'disabled by an admin',
    recordOf({ ...OFF, by: 'admin' }),
    ['disabled', 'disabled', 'closed', 'warn', 'healthy', 'enable', 0],
  ],
  [
    'disabled by its definition',
    recordOf({ ...OFF, by: 'configuration' }),
    ['disabled', 'disabled', 'closed', 'warn', 'healthy', 'configure', 0],
  ],
  [
    'disabled for want of a variable',
    recordOf({ ...OFF, by: 'missing_env' }),
    ['disabled', 'disabled', 'closed', 'warn', 'healthy', 'configure', 0],
  ],
  [
    'disabled by a flag',
    recordOf({ ...OFF, by: 'feature_flag' }),
    ['disabled', 'disabled', 'closed', 'warn', 'healthy', 'configure', 0],
  ],
  [
    'disabled after 30 minutes',
    recordOf({ ...OFF, by: 'auto_downtime' }),
    ['disabled', 'disabled', 'closed', 'error', 'unhealthy', 'enable', 0],
  ],
  [
    'disabled after trials',
    recordOf({ ...OFF, by: 'auto_cycles' }),
    ['disabled', 'disabled', 'closed', 'error', 'unhealthy', 'enable', 0],
  ],
  [
    'quarantined',
    recordOf({ ...OFF, by: 'quarantine' }),
    ['disabled', 'disabled', 'closed', 'warn', 'healthy', 'approve', 0],
  ],
];

describe('project', () => {
  it.each(TABLE)('says what an upstream is that is %s [S001-ST-05]', (_name, record, row) => {
    const { inner, healthStatus, circuitState, level, health, number } = project(record);
    expect([inner, healthStatus, circuitState, level, health.level, health.action, number]).toEqual(row);
    expect(health.summary).not.toBe('');
  });

  it('is tested with every inner state', () => {
    const inner: Readonly<Record<InnerState, true>> = {
      idle: true,
      asleep: true,
      starting: true,
      pending_auth: true,
      discovering: true,
      healthy: true,
      degraded: true,
      disconnected: true,
      circuit_open: true,
      half_open: true,
      misconfigured: true,
      disabled: true,
      stopping: true,
      stopped: true,
    };
    expect([...new Set(TABLE.map(([, , [state]]) => state))].toSorted()).toEqual(
      Object.keys(inner).toSorted(),
    );
  });

  it.each([
    ['enabled', 'auto_downtime'],
    ['enabled', 'auto_cycles'],
    ['quarantined', 'quarantine'],
    ['disabled', 'admin'],
    ['disabled', 'configuration'],
    ['disabled', 'missing_env'],
    ['disabled', 'feature_flag'],
  ] as const)('says that an admin wants it %s where %s disables it', (adminState, by) => {
    const { health, disabledBy } = project(recordOf({ ...OFF, by }));
    expect(health.adminState).toBe(adminState);
    expect(health.detail).toBe('why');
    expect(disabledBy).toBe(by);
    expect(project(recordOf(READY)).health.adminState).toBe('enabled');
  });

  it('repeats what is wrong', () => {
    expect(project(recordOf(DOWN)).health.detail).toBe('it ended');
    expect(project(recordOf(READY)).health.detail).toBe('');
  });
});
