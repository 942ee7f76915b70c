import { describe, expect, it } from '@jest/globals';
import { NOTE_KINDS } from '@omni/model';
import { EVENT_CATALOGUE, eventFacts, type EventType } from './event-catalogue.ts';

const TYPES = Object.keys(EVENT_CATALOGUE).filter((type): type is EventType => type in EVENT_CATALOGUE);

/** Internal name, SSE, WebSocket, health log, S000: the table of requirements 3.7. */
const TABLE = [
  ['upstream.connected', 'servers.changed', 'mcp_status_change', 'connected', 'Health Change'],
  ['upstream.disconnected', 'servers.changed', 'mcp_status_change', 'disconnected', 'Health Change'],
  ['upstream.recovery_attempt', 'upstream.recovery', 'recovery_progress', 'recovery_attempt', 'Retry'],
  ['upstream.recovered', 'servers.changed', 'mcp_status_change', 'recovery_success', 'Health Change'],
  [
    'upstream.circuit_opened',
    'upstream.circuit_opened',
    'circuit_opened',
    'circuit_opened',
    'Circuit Breaker',
  ],
  ['upstream.circuit_closed', 'servers.changed', 'mcp_status_change', 'circuit_closed', 'Circuit Breaker'],
  ['upstream.admin_disabled', 'servers.changed', 'mcp_status_change', 'manually_disabled', null],
  ['upstream.enabled', 'servers.changed', 'mcp_status_change', 'manually_enabled', null],
  ['upstream.auto_disabled', 'servers.changed', 'critical_alert', 'auto_disabled', 'Circuit Breaker'],
  ['upstream.error_budget_spent', 'alert', 'critical_alert', null, null],
  ['fleet.multiple_failures', 'alert', 'critical_alert', null, null],
  ['coordinator.restarted', 'alert', 'critical_alert', null, null],
  ['request.timeout', 'activity.timeout', null, null, 'Timeout'],
  ['request.routed', 'activity.routed', null, null, null],
  ['request.retried', 'activity.retried', null, null, 'Retry'],
  ['request.rate_limited', 'activity.rate_limited', null, null, 'Rate Limit'],
  ['config.reloaded', 'config.reloaded', null, null, null],
  ['config.error', 'config.error', null, null, 'Config Error'],
  ['catalogue.changed', 'tools.changed', null, null, null],
] as const;

describe('EVENT_CATALOGUE', () => {
  it.each(TABLE)('names %s in every dialect', (type, sse, ws, healthLog, s000) => {
    expect(eventFacts(type)).toMatchObject({ sse, ws, healthLog, s000 });
  });

  it('names a started and a stopped server for the health log too, which Omni adds', () => {
    expect(eventFacts('upstream.started')).toMatchObject({ healthLog: 'started', s000: 'Server Start' });
    expect(eventFacts('upstream.stopped')).toMatchObject({ healthLog: 'stopped', s000: 'Server Stop' });
  });

  it('has each of the eight observability events [S000-OBS-01]', () => {
    const names = new Set(TYPES.map((type) => eventFacts(type).s000).filter((name) => name !== null));
    expect([...names].toSorted()).toEqual([
      'Circuit Breaker',
      'Config Error',
      'Health Change',
      'Rate Limit',
      'Retry',
      'Server Start',
      'Server Stop',
      'Timeout',
    ]);
  });

  it('has one type for each note of the life cycle, under the name that the health log gives it', () => {
    const named = TYPES.map((type) => eventFacts(type).healthLog).filter((kind) => kind !== null);
    expect(named.toSorted()).toEqual([...NOTE_KINDS].toSorted());
  });
});
