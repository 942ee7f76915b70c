import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ROUTING, type RoutingSettings } from '@omni/ports';
import { ScriptedServer, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { GatewayScene, SceneClient } from './gateway-scene.fixture.ts';

const TOOLS = JSON.stringify({
  tools: ['good', 'bad'].map((name) => ({ name, inputSchema: { type: 'object' } })),
});

/** A server of which one tool never answers. */
function serverWith(errorBudget: Partial<RoutingSettings['errorBudget']>) {
  const server = new ScriptedServer((message, instance) => {
    if (message.method === 'initialize')
      instance.reply(message, '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}}}');
    else if (message.method === 'tools/list') instance.reply(message, TOOLS);
    else if (message.method === 'tools/call' && message.text.includes('"good"'))
      instance.reply(message, '{"content":[]}');
    else if (message.id !== undefined && message.method !== 'tools/call') instance.refuse(message, -32601);
  });
  return upstreamSpecOf(
    { kind: 'channel', open: server.open },
    {
      name: 'up',
      protocol: 'legacy',
      instances: 'shared',
      callTimeoutMs: 100,
      routing: {
        ...DEFAULT_ROUTING,
        retry: { ...DEFAULT_ROUTING.retry, attempts: 1 },
        breaker: { ...DEFAULT_ROUTING.breaker, failures: 0 },
        errorBudget: {
          ...DEFAULT_ROUTING.errorBudget,
          share: 0.1,
          windowMs: 60_000,
          minCalls: 4,
          ...errorBudget,
        },
      },
    },
  );
}

async function open(errorBudget: Partial<RoutingSettings['errorBudget']> = {}) {
  const clock = new VirtualClock();
  const scene = await new GatewayScene([serverWith(errorBudget)], clock).start();
  const events: string[] = [];
  scene.server.events.listen(({ type }) => events.push(type));
  const client = new SceneClient(scene.server);
  await scene.answer(client.initialize().then(() => ''));
  const call = async (tool: string): Promise<string> => {
    const answer = client.request('tools/call', { name: `up__${tool}`, arguments: {} });
    await clock.advanceAsync(100);
    return answer;
  };
  const health = () => scene.server.readiness();
  return { scene, clock, events, client, call, health };
}

describe('a server that has spent its error budget', () => {
  // guard: budget/health
  it('is not as well as it says, has half of its calls under way, and gives an alert [S003-RT-11]', async () => {
    const { clock, events, call, health } = await open();
    expect(health().level).toBe('ok');
    for (let n = 0; n < 4; n++) await call('bad');
    expect(events.filter((type) => type.startsWith('upstream.error_budget'))).toEqual([
      'upstream.error_budget_spent',
    ]);
    expect(health()).toMatchObject({ level: 'warn', ready: true });
    expect(health().components.find(({ server }) => server === 'up')?.details).toMatchObject({
      load: { limit: 500, inFlight: 0, waiting: 0, errorBudget: { calls: 4, failures: 4, isSpent: true } },
    });
    await clock.advanceAsync(60_000);
    expect(events).toContain('upstream.error_budget_restored');
    expect(health().level).toBe('ok');
  });

  it('hides the tool that has, and shows it again; clients are told both times [S003-RT-12]', async () => {
    const { scene, clock, client, call } = await open({ hides: true });
    const listed = async (): Promise<string> => await scene.answer(client.request('tools/list', {}));
    expect(await listed()).toContain('up__bad');
    await scene.quiet();
    const before = client.notifications.length;
    for (let n = 0; n < 4; n++) await call('bad');
    await scene.quiet();
    expect(await listed()).not.toContain('up__bad');
    expect(await call('bad')).toContain('OMNI_NAME_UNKNOWN');
    expect(await call('good')).toContain('"content":[]');
    expect(client.notifications.slice(before)).toEqual(['notifications/tools/list_changed']);
    await clock.advanceAsync(60_000);
    expect(await listed()).toContain('up__bad');
    expect(client.notifications.slice(before)).toEqual([
      'notifications/tools/list_changed',
      'notifications/tools/list_changed',
    ]);
  });

  // guard: budget/replaced
  it('begins anew when another server takes its place, and hides nothing of that', async () => {
    const { scene, client, call } = await open({ hides: true });
    for (let n = 0; n < 4; n++) await call('bad');
    await scene.quiet();
    const listed = async (): Promise<string> => await scene.answer(client.request('tools/list', {}));
    expect(await listed()).not.toContain('up__bad');
    expect(await scene.server.apply([serverWith({ hides: true })])).toMatchObject({ replaced: ['up'] });
    await scene.quiet();
    expect(await listed()).toContain('up__bad');
  });
});
