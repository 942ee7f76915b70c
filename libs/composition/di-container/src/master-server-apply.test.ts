import { describe, expect, it } from '@jest/globals';
import type { GatewayError } from '@omni/ports';
import { upstreamSpecOf, VirtualClock } from '@omni/testing';
import { GatewayScene, SceneClient, ToolServer } from './gateway-scene.fixture.ts';

const CHANGED = 'notifications/tools/list_changed';

/** Servers a, b and c, with a tool each, and a gateway before some of them. */
async function sceneOf(...names: readonly ('a' | 'b' | 'c')[]) {
  const clock = new VirtualClock();
  const server = (name: string, tools = [`t-${name}`], more: { isBroken?: boolean } = {}): ToolServer =>
    new ToolServer({ clock, name, tools, ...more });
  const servers = { a: server('a'), b: server('b'), c: server('c') };
  const scene = await new GatewayScene(
    names.map((name) => servers[name].spec),
    clock,
  ).start();
  await scene.quiet();
  return { scene, gateway: scene.server, clock, server, ...servers };
}

async function toolsOf(scene: GatewayScene, endpoint?: string): Promise<string> {
  const listed = await scene.answer(new SceneClient(scene.server, endpoint).modern('tools/list'));
  return [...listed.matchAll(/"name":"([^"]*)","inputSchema"/g)].map(([, name]) => name).join(' ');
}

async function codeOf(failing: Promise<unknown>): Promise<string> {
  return await failing.then(
    () => 'nothing failed',
    // What is refused is refused with an error of the table.
    (error: unknown) => (error as GatewayError).code,
  );
}

describe('MasterServer.apply', () => {
  it('says what is different, and serves what is new', async () => {
    const { scene, gateway, a, b, c, server } = await sceneOf('a', 'b');
    const other = server('b', ['other']);
    const changes = await gateway.apply([c.spec, { ...a.spec, critical: true }, other.spec]);
    expect(changes).toEqual({ added: ['c'], removed: [], replaced: ['b'], changed: ['a'], unchanged: [] });
    await scene.quiet();
    expect(await toolsOf(scene)).toBe('c__t-c a__t-a b__other');
    expect(gateway.upstreams().map(({ name, state }) => `${name} ${state}`)).toEqual([
      'c ready',
      'a ready',
      'b ready',
    ]);
    expect(a.instances).toHaveLength(1);
    expect(b.instances.map(({ isOpen }) => isOpen)).toEqual([false]);
    await scene.stop();
  });

  it('serves endpoints of added servers, and none of removed ones', async () => {
    const { scene, gateway, a, b } = await sceneOf('a');
    await gateway.apply([b.spec]);
    await scene.quiet();
    expect(await toolsOf(scene, 'b')).toBe('t-b');
    const client = new SceneClient(gateway);
    const answer = await scene.answer(client.modern('tools/call', { name: 'a__t-a', arguments: {} }));
    expect(answer).toContain('OMNI_NAME_UNKNOWN');
    expect(a.instances.map(({ isOpen }) => isOpen)).toEqual([false]);
    await scene.stop();
  });

  it.each<
    [string, (specs: Awaited<ReturnType<typeof sceneOf>>) => Parameters<GatewayScene['server']['apply']>[0]]
  >([
    ['a name that stands twice', ({ a, b }) => [b.spec, a.spec, a.spec]],
    ['no name', ({ a, b }) => [b.spec, { ...a.spec, name: '' }]],
    [
      'a transport that is not there',
      ({ b }) => [
        b.spec,
        upstreamSpecOf({ kind: 'stdio', command: 'x', args: [], env: {} }, { name: 'process' }),
      ],
    ],
  ])('refuses %s, and changes nothing', async (_what, definitions) => {
    const made = await sceneOf('a');
    const { scene, gateway } = made;
    expect(await codeOf(gateway.apply(definitions(made)))).toBe('OMNI_CONFIG_INVALID');
    await scene.quiet();
    expect(await toolsOf(scene)).toBe('a__t-a');
    expect(gateway.upstreams()).toHaveLength(1);
    expect(made.b.instances).toEqual([]);
    // The next one is not held up.
    expect(await gateway.apply([made.a.spec])).toMatchObject({ unchanged: ['a'] });
    await scene.stop();
  });

  it('takes one after the other, in the order of the calls', async () => {
    const { scene, gateway, a, b, c } = await sceneOf('a');
    const changes = await Promise.all([gateway.apply([b.spec]), gateway.apply([b.spec, c.spec])]);
    expect(changes.map(({ added, removed }) => [added, removed])).toEqual([
      [['b'], ['a']],
      [['c'], []],
    ]);
    expect(a.instances).toHaveLength(1);
    await scene.stop();
  });

  it('goes on behind listeners that throw, which start and stop do as well', async () => {
    const clock = new VirtualClock();
    const [a, b] = ['a', 'b'].map((name) => new ToolServer({ clock, name, tools: [`t-${name}`] }));
    const scene = new GatewayScene(a === undefined ? [] : [a.spec], clock);
    const fail = (): never => {
      throw new RangeError('planted');
    };
    scene.server.on('statusChanged', fail);
    scene.server.configuration.subscribe(fail);
    await scene.start();
    await scene.quiet();
    expect(await scene.server.apply(b === undefined ? [] : [b.spec])).toMatchObject({ added: ['b'] });
    await scene.quiet();
    expect(await toolsOf(scene)).toBe('b__t-b');
    await scene.stop();
  });

  it('refuses when it is stopping', async () => {
    const { scene, gateway, a } = await sceneOf('a');
    await scene.stop();
    expect(await codeOf(gateway.apply([a.spec]))).toBe('OMNI_SHUTTING_DOWN');
  });

  it('starts nothing before it is started itself', async () => {
    const clock = new VirtualClock();
    const server = new ToolServer({ clock, name: 'a', tools: ['t'] });
    const scene = new GatewayScene([], clock);
    await scene.server.apply([server.spec]);
    await clock.advanceAsync(1_000);
    expect(server.instances).toEqual([]);
    await scene.start();
    expect(server.instances).toHaveLength(1);
    await scene.stop();
  });

  it('announces removals once, and additions once per server that is read', async () => {
    const { scene, gateway, a, b, c } = await sceneOf('a', 'b', 'c');
    const client = new SceneClient(gateway);
    await scene.answer(client.initialize().then(() => ''));
    await scene.quiet();
    expect(client.notifications).toEqual([]);
    await gateway.apply([c.spec]);
    await scene.quiet();
    expect(client.notifications).toEqual([CHANGED]);
    await gateway.apply([c.spec, a.spec]);
    await scene.quiet();
    await gateway.apply([c.spec, a.spec, b.spec]);
    await scene.quiet();
    expect(client.notifications).toEqual([CHANGED, CHANGED, CHANGED]);
    await gateway.apply([{ ...c.spec, callTimeoutMs: 1 }, a.spec, b.spec]);
    await scene.quiet();
    expect(client.notifications).toHaveLength(3);
    await gateway.apply([a.spec, b.spec, c.spec]);
    await scene.quiet();
    expect(client.notifications).toHaveLength(4);
    await scene.stop();
  });

  it('shows what a replaced server offers until its successor has been read', async () => {
    const { scene, gateway, clock, server } = await sceneOf('a');
    const silent = server('a', ['other']);
    await gateway.apply([silent.spec]);
    const shown = await toolsOf(scene);
    await clock.advanceAsync(2_000);
    expect(shown).toBe('a__t-a');
    expect(await toolsOf(scene)).toBe('a__other');
    await scene.stop();
  });

  it('shows nothing of a replaced server when its successor has failed', async () => {
    const { scene, gateway, server } = await sceneOf('a', 'b');
    const client = new SceneClient(gateway);
    await scene.answer(client.initialize().then(() => ''));
    await gateway.apply([server('a', ['other'], { isBroken: true }).spec, server('b').spec]);
    await scene.quiet();
    expect(await toolsOf(scene)).toBe('b__t-b');
    expect(client.notifications).toEqual([CHANGED]);
    await scene.stop();
  });

  it('takes what is switched off out of the lists, and puts it back when it is on again', async () => {
    const { scene, gateway, a, b } = await sceneOf('a', 'b');
    await gateway.apply([{ ...a.spec, enabled: false, disabledReason: 'by hand' }, b.spec]);
    await scene.quiet();
    expect(await toolsOf(scene)).toBe('b__t-b');
    expect(gateway.upstreams()[0]).toMatchObject({
      state: 'disabled',
      lastError: { code: 'OMNI_UPSTREAM_DISABLED' },
    });
    await gateway.apply([a.spec, b.spec]);
    await scene.quiet();
    expect(await toolsOf(scene)).toBe('a__t-a b__t-b');
    await scene.stop();
  });

  it('is as ready as the servers that are critical now, and says when that changes', async () => {
    const { scene, gateway, a, server } = await sceneOf('a');
    const broken = { ...server('z', ['t'], { isBroken: true }).spec, critical: false };
    const heard: boolean[] = [];
    const stop = gateway.on('statusChanged', ({ ready }) => heard.push(ready));
    await gateway.apply([a.spec, broken]);
    await scene.quiet();
    const before = gateway.readiness();
    await gateway.apply([a.spec, { ...broken, critical: true }]);
    expect(before.ready).toBe(true);
    expect(before.components.map(({ name }) => name)).toEqual([
      'upstream:a',
      'protocol',
      'coordinator',
      'upstream:z',
    ]);
    expect(gateway.readiness().ready).toBe(false);
    expect(heard.at(-1)).toBe(false);
    await gateway.apply([a.spec]);
    expect(heard.at(-1)).toBe(true);
    expect(gateway.readiness().components.map(({ name }) => name)).toEqual([
      'upstream:a',
      'protocol',
      'coordinator',
    ]);
    stop();
    await scene.stop();
  });
});
