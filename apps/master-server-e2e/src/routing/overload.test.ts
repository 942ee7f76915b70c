import { afterAll, describe, expect, it } from '@jest/globals';
import { endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import { errorOf, postModern, type RawAnswer } from '../harness/raw-mcp.ts';
import { exampleOf, type RoutingScene, start } from './routing-scene.ts';

afterAll(endEverything, 30_000);

const MIB = 1024 * 1024;

function dataOf({ text }: RawAnswer): Readonly<Record<string, unknown>> | undefined {
  // Omni answers in JSON-RPC.
  return (JSON.parse(text) as { error?: { data?: Record<string, unknown> } }).error?.data;
}

async function metricsOf({ omni, headers }: RoutingScene): Promise<string> {
  return await (await fetch(`${omni.origin}/metrics`, { headers })).text();
}

async function healthOf(scene: RoutingScene, path = '/health/ready'): Promise<string> {
  return await (await fetch(`${scene.omni.origin}${path}`, { headers: scene.headers })).text();
}

describe('calls to a server that can do two at a time', () => {
  it('wait for their turn, and are refused with position and time where the queue is full [X004-09] [S003-PH-06]', async () => {
    const scene = await start(await exampleOf('concurrency.md'));
    const { upstream, call } = scene;
    upstream.moods.push({ afterMs: 3_000 }, { afterMs: 3_000 });
    const running = [call(), call()];
    await eventually('two are under way', () => upstream.calls.length === 2);
    const waiting = [call(), call()];
    await eventually('two wait', async () =>
      (await metricsOf(scene)).includes('omni_upstream_waiting{omni_upstream="up"} 2'),
    );
    const refused = await call();
    expect(refused.status).toBe(429);
    expect(dataOf(refused)).toMatchObject({ code: 'OMNI_QUEUE_FULL', position: 3 });
    expect(refused.headers.get('retry-after')).toBe(String(dataOf(refused)?.['retryAfterS']));
    expect(await healthOf(scene, '/servers/up')).toContain('"load":{"inFlight":2,"limit":2,"waiting":2}');
    for (const { text } of await Promise.all([...running, ...waiting]))
      expect(text).toContain('"structuredContent":{"n":1}');
    expect(upstream.calls).toHaveLength(4);
    const metrics = await metricsOf(scene);
    expect(metrics).toContain('omni_upstream_limit{omni_upstream="up"} 2');
    expect(metrics).toMatch(
      /mcp_client_operation_duration_seconds_count\{.*error_type="OMNI_QUEUE_FULL".*\} 1/,
    );
  });

  it('are refused at once where nothing waits, and after their time where it is short', async () => {
    const limits = { maxUpstreamInFlight: 1 };
    const none = await start({ limits });
    none.upstream.moods.push('silence');
    void none.call().catch(() => {});
    await eventually('one is under way', () => none.upstream.calls.length === 1);
    const overloaded = await none.call();
    expect([overloaded.status, errorOf(overloaded.text)?.omni]).toEqual([503, 'OMNI_OVERLOADED']);

    const short = await start({ limits, routing: { queue: { max: 5, wait: '200ms' } } });
    short.upstream.moods.push('silence');
    void short.call().catch(() => {});
    await eventually('one is under way', () => short.upstream.calls.length === 1);
    expect(dataOf(await short.call())).toMatchObject({ code: 'OMNI_QUEUE_FULL', position: 1 });
  });

  it('find out how many that are, within the bounds of the settings [S003-RT-10]', async () => {
    const concurrency = { adaptive: true, min: 2, max: 6, initial: 3 };
    const routing = { concurrency, breaker: { failures: 0 }, retry: { attempts: 1 } };
    const scene = await start({ routing });
    const { upstream, call } = scene;
    const limit = async (): Promise<number> =>
      Number(/omni_upstream_limit\{omni_upstream="up"\} (\d+)/.exec(await metricsOf(scene))?.[1]);
    const round = async (mood: { afterMs: number } | { status: number }): Promise<void> => {
      upstream.moods.length = 0;
      for (let n = 0; n < 400; n++) upstream.moods.push(mood);
      const client = async (): Promise<void> => {
        for (let n = 0; n < 50; n++) await call();
      };
      await Promise.all(Array.from({ length: 8 }, client));
    };
    expect(await limit()).toBe(3);
    await round({ afterMs: 5 });
    expect(await limit()).toBeGreaterThanOrEqual(2);
    expect(await limit()).toBeLessThanOrEqual(6);
    await round({ status: 503 });
    expect(await limit()).toBe(2);
  });
});

describe('requests to an Omni that runs two at a time', () => {
  it('wait for their turn, and no longer than they may [S003-PH-06] [X004-09]', async () => {
    const scene = await start({ limits: { maxInFlight: 2, maxWaiting: 2, maxWait: '4s' } });
    const { upstream, call } = scene;
    const waiting = async (count: number): Promise<void> => {
      await eventually(`${count} wait`, async () =>
        (await metricsOf(scene)).includes(`omni_waiting_requests ${count}\n`),
      );
    };
    upstream.moods.push({ afterMs: 2_500 }, 'silence', 'silence');
    const first = call();
    await eventually('one runs', () => upstream.calls.length === 1);
    void call().catch(() => {});
    await eventually('two run', () => upstream.calls.length === 2);
    void call().catch(() => {});
    await waiting(1);
    const last = call();
    await waiting(2);
    expect(dataOf(await call())).toMatchObject({ code: 'OMNI_QUEUE_FULL', position: 3 });
    expect((await first).status).toBe(200);
    await eventually('the next one runs', () => upstream.calls.length === 3);
    expect(dataOf(await last)).toMatchObject({ code: 'OMNI_QUEUE_FULL', position: 1 });
    expect(upstream.calls).toHaveLength(3);
  });
});

describe('what an operator sees', () => {
  it('has percentiles, breakers, queues and pauses of the collector [S003-PF-07] [S003-OP-02]', async () => {
    const scene = await start({});
    await scene.call();
    const metrics = await metricsOf(scene);
    for (const series of [
      'omni_request_duration_quantile_seconds{quantile="0.5"}',
      'omni_request_duration_quantile_seconds{quantile="0.95"}',
      'omni_request_duration_quantile_seconds{quantile="0.99"}',
      'omni_circuit_state{omni_upstream="up"} 0',
      'omni_upstream_waiting{omni_upstream="up"} 0',
      'omni_waiting_requests 0',
      'omni_queue_depth 0',
      'v8js_gc_duration_seconds',
    ])
      expect(metrics).toContain(series);
  });
});

describe('a quota', () => {
  it('of a server, and of a session, is refused with 429 when it is used up [S003-RT-09] [S003-RK-01]', async () => {
    const { call } = await start(await exampleOf('quotas.md'));
    const answers = [];
    for (let n = 0; n < 5; n++) answers.push(await call());
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
    const [server, session] = answers.slice(3);
    expect(server && dataOf(server)).toMatchObject({
      code: 'OMNI_QUOTA_USED_UP',
      limit: 'upstream',
      quota: 'calls',
    });
    expect(session && dataOf(session)).toMatchObject({ limit: 'session', quota: 'calls' });
    expect(Number(session?.headers.get('retry-after'))).toBeGreaterThan(30);
  });

  it.each([
    ['bytes', { bytes: 50 }],
    ['busy', { busy: '50ms' }],
  ])('is of %s, too [S003-RT-09]', async (kind, quota) => {
    const { upstream, call } = await start({ routing: { quota: { window: '1m', ...quota } } });
    upstream.moods.push({ afterMs: 100 });
    expect((await call()).status).toBe(200);
    expect(dataOf(await call())).toMatchObject({ limit: 'upstream', quota: kind });
  });

  it('begins anew with its window', async () => {
    const { call } = await start({ limits: { sessionQuota: { window: '1s', calls: 1 } } });
    await call();
    expect((await call()).status).toBe(429);
    await eventually('it begins anew', async () => (await call()).status === 200);
  });
});

describe('a tool that fails more than it may', () => {
  it('is hidden, its server is less than well, and both are over in time [S003-RT-11] [S003-RT-12]', async () => {
    const scene = await start(await exampleOf('error-budget.md'));
    const { upstream, call, list } = scene;
    for (let n = 0; n < 4; n++) upstream.moods.push({ status: 500 });
    for (let n = 0; n < 4; n++) await call('echo');
    expect(await healthOf(scene)).toContain('"status":"warn"');
    expect(await metricsOf(scene)).toContain('omni_upstream_error_budget_spent{omni_upstream="up"} 1');
    expect(await list()).not.toContain('up__echo');
    expect(await list()).toContain('up__mirror');
    expect(errorOf((await call('echo')).text)?.omni).toBe('OMNI_NAME_UNKNOWN');
    expect((await call('mirror')).text).toContain('structuredContent');
    await eventually('it is offered again', async () => (await list()).includes('up__echo'), 15_000);
    expect((await call('echo')).text).toContain('structuredContent');
    await eventually('the server is well', async () => (await healthOf(scene)).includes('"status":"pass"'));
  }, 30_000);
});

describe('an Omni whose heap is nearly full', () => {
  it('refuses new requests before it reads them, answers health, and takes them again', async () => {
    const environment = { NODE_OPTIONS: '--max-old-space-size=128' };
    const scene = await start({ ...(await exampleOf('overload.md')), environment });
    const { omni, upstream, headers, call } = scene;
    const gone = new AbortController();
    const held: Promise<unknown>[] = [];
    const hold = (): void => {
      upstream.moods.push('silence');
      const params = `"name":"up__echo","arguments":{"n":1,"x":"${'x'.repeat(3.5 * MIB)}"}`;
      const request = { id: '1', method: 'tools/call', name: 'up__echo', params };
      held.push(postModern(omni.url, request, { headers, signal: gone.signal }).catch(() => {}));
    };
    // One at a time, as a real process fills up over many looks at its heap.
    const refused = await eventually(
      'its heap is full',
      async () => {
        const before = upstream.calls.length;
        hold();
        await eventually(
          'it has come, or was refused',
          async () =>
            upstream.calls.length > before || (await metricsOf(scene)).includes('omni_memory_pressure 1'),
        );
        await new Promise((resolve) => setTimeout(resolve, 300));
        if ((await metricsOf(scene)).includes('omni_memory_pressure 0')) return false;
        return await call();
      },
      60_000,
    );
    expect([refused.status, errorOf(refused.text)?.omni]).toEqual([503, 'OMNI_OVERLOADED']);
    expect(errorOf(refused.text)?.message).toContain('limits.maxHeapShare is 0.85');
    expect(refused.headers.get('retry-after')).toBe('1');
    const begun = performance.now();
    expect(await healthOf(scene, '/health/live')).toContain('"status":"pass"');
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(await healthOf(scene)).toContain('"memory":[{"status":"warn"');

    upstream.moods.length = 0;
    gone.abort();
    await Promise.all(held);
    await eventually('it takes calls again', async () => (await call()).status === 200, 10_000);
    expect(await healthOf(scene)).toContain('"memory":[{"status":"pass"');
    expect(omni.process.stderr).toContain('the heap is nearly full');
  }, 120_000);
});
