import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ROUTING, type GatewayError, type RoutingSettings } from '@omni/ports';
import type { Configuration } from '../configuration.ts';
import { parseConfiguration } from '../parse-configuration.ts';

function parsed(text: string): Configuration {
  return parseConfiguration([{ path: 'omni.yaml', text, role: 'base' }], { env: {} });
}

/** The settings of the only server. */
function routing(forAll: string, own = ''): RoutingSettings | undefined {
  const server = `mcpServers: { a: { command: npx${own === '' ? '' : `, ${own}`} } }`;
  return parsed(`${forAll}\n${server}`).upstreams[0]?.routing;
}

describe('how calls are routed', () => {
  it('is the default where nothing is said', () => {
    expect(routing('')).toEqual(DEFAULT_ROUTING);
  });

  it('is the default of R-04: two retries, 250 ms twice as long each time, 4 s at most', () => {
    expect(DEFAULT_ROUTING.retry).toMatchObject({
      attempts: 3,
      backoffMs: 250,
      factor: 2,
      maxBackoffMs: 4_000,
    });
  });

  const block =
    'routing: { deadline: 20s, taskAfter: 45s, trustHints: true, retry: { attempts: 2, backoff: 1s, factor: 3, maxBackoff: 9s, budget: 0.5 }, hedge: { quantile: 0.9, minDelay: 80ms }, breaker: { failures: 0, share: 0.4, calls: 50, open: 1s, maxOpen: 5s }, rate: { rps: 3, burst: 6 }, capabilityRate: { rps: 0.5 }, queue: { max: 7, wait: 2s }, concurrency: { adaptive: true, min: 2, max: 60, initial: 5 }, quota: { window: 1m, calls: 9, bytes: 1000, busy: 20s }, errorBudget: { share: 0.01, window: 2m, minCalls: 30, concurrency: 0.25, hide: true }, coalesce: { followers: 9 }, faults: { share: 0.5, delay: 3s, end: abort }, batch: { max: 4, window: 8ms }, balance: { strategy: sticky, stickyBy: user }, failover: [a], fallback: { x: a.y }, mirror: { to: a }, cost: 3 }';
  const whole: RoutingSettings = {
    deadlineMs: 20_000,
    taskAfterMs: 45_000,
    trustsHints: true,
    retry: { attempts: 2, backoffMs: 1_000, factor: 3, maxBackoffMs: 9_000, budget: 0.5 },
    hedge: { quantile: 0.9, minDelayMs: 80 },
    breaker: { failures: 0, share: 0.4, calls: 50, openMs: 1_000, maxOpenMs: 5_000 },
    rate: { perSecond: 3, burst: 6 },
    capabilityRate: { perSecond: 0.5, burst: 1 },
    queue: { maxWaiting: 7, maxWaitMs: 2_000 },
    concurrency: { isAdaptive: true, min: 2, max: 60, initial: 5 },
    quota: { windowMs: 60_000, calls: 9, bytes: 1_000, busyMs: 20_000 },
    errorBudget: { share: 0.01, windowMs: 120_000, minCalls: 30, concurrency: 0.25, hides: true },
    coalesce: { followers: 9 },
    faults: { share: 0.5, delayMs: 3_000, end: 'abort' },
    batch: { maxCalls: 4, windowMs: 8 },
    balance: { strategy: 'sticky', stickyBy: 'user' },
    failover: ['a'],
    fallback: { x: 'a.y' },
    mirror: { to: 'a', share: 1 },
    cost: 3,
  };

  it('may be said for all servers, and for one', () => {
    expect(routing(block)).toEqual(whole);
    expect(routing('', block)).toEqual(whole);
  });

  it('of a server comes before that of all, one by one', () => {
    expect(routing(block, 'routing: { retry: { attempts: 1 }, rate: { rps: 10 } }')).toEqual({
      ...whole,
      retry: { ...whole.retry, attempts: 1 },
      rate: { perSecond: 10, burst: 10 },
    });
  });

  it.each([
    ['routing: { retry: { attempts: 0 } }', 'routing.retry.attempts'],
    ['routing: { retry: { budget: 2 } }', 'routing.retry.budget'],
    ['routing: { rate: { rps: 0 } }', 'routing.rate.rps'],
    ['routing: { rate: { burst: 3 } }', 'routing.rate'],
    ['routing: { queue: { wait: 0s } }', 'routing.queue.wait'],
    ['routing: { coalesce: { followers: -1 } }', 'routing.coalesce.followers'],
    ['routing: { faults: { share: 2 } }', 'routing.faults.share'],
    ['routing: { faults: { end: never } }', 'routing.faults.end'],
    ['routing: { batch: { max: 0 } }', 'routing.batch.max'],
    ['routing: { balance: { strategy: any } }', 'routing.balance.strategy'],
    ['routing: { mirror: { to: a, share: 2 } }', 'routing.mirror.share'],
    ['limits: { userRate: { rps: -1 } }', 'limits.userRate.rps'],
    ['limits: { sessionQuota: { calls: 0 } }', 'limits.sessionQuota.calls'],
    ['limits: { maxHeapShare: 2 }', 'limits.maxHeapShare'],
    ['routing: { concurrency: { min: 0 } }', 'routing.concurrency.min'],
    ['routing: { errorBudget: { share: 1 } }', 'routing.errorBudget.share'],
  ])('is refused where it makes no sense: %s', (text, where) => {
    let message = '';
    try {
      parsed(text);
    } catch (error) {
      ({ message } = error as GatewayError);
    }
    expect(message).toContain(where);
  });
});

it('gives a server 30 s to be connected, or what its entry says [S002-PO-02]', () => {
  const timeout = (entry: string): number | undefined =>
    parsed(`mcpServers: { a: { command: npx${entry} } }`).upstreams[0]?.connectTimeoutMs;
  expect([timeout(''), timeout(', connectTimeout: 5s')]).toEqual([30_000, 5_000]);
});

describe('requests that wait', () => {
  it('are none where nothing is said', () => {
    expect(parsed('mcpServers: {}').limits).toMatchObject({ maxWaiting: 0, maxWaitMs: 10_000 });
    expect(parsed('limits: { maxWaiting: 9, maxWait: 2s }').limits).toMatchObject({
      maxWaiting: 9,
      maxWaitMs: 2_000,
    });
  });
});

describe('what a session may use', () => {
  it('is any amount where nothing is said, and of an hour where no time is', () => {
    expect(parsed('mcpServers: {}').limits).not.toHaveProperty('sessionQuota');
    expect(parsed('limits: { sessionQuota: { calls: 5 } }').limits.sessionQuota).toEqual({
      windowMs: 3_600_000,
      calls: 5,
    });
  });
});

describe('servers that others name', () => {
  const servers =
    'mcpServers:\n  up: { command: npx, routing: ROUTING }\n  up-2: { command: npx, replica: REPLICA }';

  function messageOf(routing: string, replica: string): string {
    try {
      parsed(servers.replace('ROUTING', routing).replace('REPLICA', replica));
      return '';
    } catch (error) {
      return (error as GatewayError).message;
    }
  }

  it('are replicas with a weight or a share of their own', () => {
    const [first, second] = parsed(
      servers.replace('ROUTING', '{}').replace('REPLICA', '{ of: up, canary: 0.1 }'),
    ).upstreams;
    expect(first).not.toHaveProperty('replica');
    expect(second?.replica).toEqual({ of: 'up', weight: 1, canary: 0.1 });
  });

  it.each([
    [
      '{}',
      '{ of: upp }',
      'omni.yaml:3:40  mcpServers.up-2.replica.of: "upp" is no server; did you mean "up"?',
    ],
    ['{}', '{ of: up-2 }', 'mcpServers.up-2.replica.of: "up-2" is a replica itself'],
    ['{ failover: [down] }', '{ of: up }', 'mcpServers.up.routing.failover: "down" is no server'],
    ['{ mirror: { to: down } }', '{ of: up }', 'mcpServers.up.routing.mirror.to: "down" is no server'],
    ['{ fallback: { a: b } }', '{ of: up }', 'mcpServers.up.routing.fallback.a: "b" is no tool of a server'],
  ])('are there: %s and %s are refused', (routing, replica, where) => {
    expect(messageOf(routing, replica)).toContain(where);
  });

  it('may have dots in their names, as tools may', () => {
    expect(messageOf('{ fallback: { a: up-2.b.c } }', '{ of: up }')).toBe('');
  });
});

describe('how fast requests may come', () => {
  it('is any speed where nothing is said', () => {
    expect(parsed('mcpServers: {}').limits).not.toHaveProperty('userRate');
    expect(parsed('mcpServers: {}').limits).not.toHaveProperty('sessionRate');
  });

  it('is said for a user and for a session; at once as many as in a second', () => {
    const { limits } = parsed('limits: { userRate: { rps: 2.5 }, sessionRate: { rps: 1, burst: 20 } }');
    expect(limits.userRate).toEqual({ perSecond: 2.5, burst: 3 });
    expect(limits.sessionRate).toEqual({ perSecond: 1, burst: 20 });
  });
});
