import { describe, expect, it } from '@jest/globals';
import { serversOfHealth } from './health-answer.ts';

const DETAILS = {
  'upstream:demo': {
    name: 'demo',
    state: 'ready',
    health_status: 'healthy',
    circuit_state: 'closed',
    level: 'warn',
    health: { level: 'degraded', admin_state: 'enabled', summary: 's', detail: 'd', action: 'view_logs' },
    era: 'modern',
    tools: 4,
    resources: 1,
    prompts: 1,
    withheld: [{ kind: 'tools', name: 'n', reason: 'r' }],
    problems: [{ kind: 'tools', isPartial: false, reason: 'r' }],
    ownerReports: [{ id: '0badcafe', at: 5, what: 'exited with code 1', lines: ['a', 7, 'b'] }],
  },
  'upstream:gone': {
    state: 'down',
    lastError: { code: 'OMNI_UPSTREAM_DOWN', message: 'm', hint: 'h' },
    retryInMs: 500,
  },
  protocol: { sessions: 0 },
};

describe('serversOfHealth', () => {
  it('reads the servers and leaves other components out', () => {
    expect(serversOfHealth(JSON.stringify({ status: 'fail', details: DETAILS }), false)).toEqual([
      {
        name: 'demo',
        state: 'ready',
        health_status: 'healthy',
        circuit_state: 'closed',
        level: 'warn',
        health: { level: 'degraded', admin_state: 'enabled', summary: 's', detail: 'd', action: 'view_logs' },
        era: 'modern',
        tools: 4,
        resources: 1,
        prompts: 1,
        lastError: undefined,
        retryInMs: undefined,
        problems: [{ kind: 'tools', isPartial: false, reason: 'r' }],
        withheld: [{ kind: 'tools', name: 'n', reason: 'r' }],
        ownerReports: [{ id: '0badcafe', at: 5, what: 'exited with code 1', lines: ['a', 'b'] }],
      },
      {
        name: 'gone',
        state: 'down',
        era: undefined,
        tools: 0,
        resources: 0,
        prompts: 0,
        lastError: { code: 'OMNI_UPSTREAM_DOWN', message: 'm', hint: 'h' },
        retryInMs: 500,
        problems: [],
        withheld: [],
        ownerReports: [],
      },
    ]);
  });

  it('takes a page without details for one to a stranger', () => {
    expect(() => serversOfHealth('{"status":"pass"}', false)).toThrow(
      expect.objectContaining({ code: 'OMNI_AUTH_REQUIRED' }),
    );
  });

  it.each([['<html>'], ['[]'], ['{}'], ['null']])('takes %s for something that is not Omni', (text) => {
    expect(() => serversOfHealth(text, false)).toThrow(
      expect.objectContaining({ code: 'OMNI_GATEWAY_UNREACHABLE' }),
    );
  });
});
