import { afterEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_ROUTING, GatewayError } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { GatewayScene, SceneClient, ToolServer } from '../gateway-scene.fixture.ts';
import type { GatewayUpstream } from '../gateway-options.ts';

/** A server `up` and its replica `up-b`, and what is to be changed in their definitions. */
class Scene extends GatewayScene {
  readonly up: ToolServer;
  readonly replica: ToolServer;

  constructor(more: Partial<GatewayUpstream> = {}) {
    const clock = new VirtualClock();
    const up = new ToolServer({ clock, name: 'up', tools: ['read'] });
    const replica = new ToolServer({ clock, name: 'up-b', tools: ['read', 'write'] });
    const specs = [
      { ...up.spec, ...more },
      { ...replica.spec, replica: { of: 'up', weight: 1 } },
    ];
    super(specs, clock);
    this.specs = specs;
    this.up = up;
    this.replica = replica;
  }

  readonly specs: readonly GatewayUpstream[];

  end(server: ToolServer): void {
    for (const instance of server.instances)
      instance.exit(new GatewayError('OMNI_UPSTREAM_EXITED', 'it was killed'));
  }

  async names(): Promise<readonly string[]> {
    const text = await this.answer(new SceneClient(this.server).modern('tools/list'));
    return [...text.matchAll(/"name":"(up[^"]*)"/g)].map(([, name]) => name ?? '');
  }

  async call(): Promise<string> {
    const client = new SceneClient(this.server);
    return await this.answer(client.modern('tools/call', { name: 'up__read', arguments: {} }));
  }
}

let scene: Scene;

afterEach(() => scene.stop());

describe('a server with a replica', () => {
  // guard: replicas/one-listed
  it('lists what the first of them lists, under its own name, and another one when that is gone', async () => {
    scene = await new Scene().start();
    expect(await scene.names()).toEqual(['up__read']);
    // As long as nothing else is known, nothing is taken out.
    scene.end(scene.up);
    await scene.clock.advanceAsync(20_000);
    const names = await scene.names();
    expect(names).toContain('up__read');
    expect(names.filter((name) => !name.startsWith('up__'))).toEqual([]);
  });

  // guard: replicas/next-listed
  it('lists its replica when it is switched off, and itself when it is back', async () => {
    scene = await new Scene().start();
    const [up, replica] = scene.specs;
    if (up === undefined || replica === undefined) throw new TypeError('there are two');
    await scene.server.apply([{ ...up, enabled: false }, replica]);
    await scene.quiet();
    expect(await scene.names()).toEqual(['up__read', 'up__write']);
    expect(await scene.call()).toContain('up-b');
    await scene.server.apply([up, { ...replica, enabled: false }]);
    await scene.quiet();
    expect(await scene.names()).toEqual(['up__read']);
    await scene.server.apply([
      { ...up, enabled: false },
      { ...replica, enabled: false },
    ]);
    await scene.quiet();
    expect(await scene.names()).toEqual([]);
  });

  it('has calls go to both of them, and to one when the other is gone', async () => {
    scene = await new Scene().start();
    const asked = new Set<string>();
    for (let call = 0; call < 4; call++) asked.add(/up(-b)? read/.exec(await scene.call())?.[0] ?? '');
    expect([...asked].toSorted()).toEqual(['up read', 'up-b read']);
    scene.end(scene.up);
    expect(await scene.call()).toContain('"content"');
  });

  // guard: health/covered
  it('is ready while one of them is, and not when both are gone', async () => {
    scene = await new Scene({ critical: true }).start();
    expect(scene.server.readiness().ready).toBe(true);
    await scene.server.apply(scene.specs.map((spec) => ({ ...spec, critical: true })));
    scene.end(scene.up);
    expect(scene.server.readiness().ready).toBe(true);
    scene.end(scene.replica);
    expect(scene.server.readiness().ready).toBe(false);
  });

  it('shows of each what balancing goes by, with what a call costs [S003-RT-01]', async () => {
    scene = await new Scene({ routing: { ...DEFAULT_ROUTING, cost: 3 } }).start();
    for (let call = 0; call < 4; call++) await scene.call();
    expect(scene.server.upstreams()).toMatchObject([
      { name: 'up', calls: [{ capability: 'tools/call read', latencyMs: 0, errorRate: 0, cost: 3 }] },
      { name: 'up-b', replicaOf: 'up', calls: [{ capability: 'tools/call read', cost: 1 }] },
    ]);
    expect(scene.server.upstreams()[0]).not.toHaveProperty('replicaOf');
  });

  // guard: balance/another
  it('is balanced by what is known already after an edit, and anew with another strategy or another process', async () => {
    scene = await new Scene().start();
    const [up, replica] = scene.specs;
    if (up === undefined || replica === undefined) throw new TypeError('there are two');
    for (let call = 0; call < 4; call++) await scene.call();
    const known = (): readonly number[] => scene.server.upstreams().map(({ calls }) => calls?.length ?? 0);
    await scene.server.apply([{ ...up, routing: { ...DEFAULT_ROUTING, cost: 2 } }, { ...replica }]);
    expect(known()).toEqual([1, 1]);
    await scene.server.apply([up, { ...replica, protocol: 'legacy' }]);
    expect(known()).toEqual([1, 0]);
    const balance = { strategy: 'sticky', stickyBy: 'user' } as const;
    await scene.server.apply([{ ...up, routing: { ...DEFAULT_ROUTING, balance } }, replica]);
    expect(known()).toEqual([0, 0]);
  });

  it('is the only one that clients can be bound to', async () => {
    scene = await new Scene().start();
    expect(() => scene.server.connect('up-b')).toThrow('up-b');
    const text = await scene.answer(new SceneClient(scene.server, 'up').modern('tools/list'));
    expect(text).toContain('"read"');
  });

  // guard: registry/replicas
  it('is needed by its replicas: a definition without it is refused', async () => {
    scene = await new Scene().start();
    const [, replica] = scene.specs;
    if (replica === undefined) throw new TypeError('there are two');
    await expect(scene.server.apply([replica])).rejects.toThrow(
      '"up-b" is a replica of "up", which is no server',
    );
    await expect(
      scene.server.apply([...scene.specs, { ...replica, name: 'up-c', replica: { of: 'up-b', weight: 1 } }]),
    ).rejects.toThrow('"up-c" is a replica of "up-b", which is no server of its own');
  });

  it('keeps its process when the weight of it or a replica changes', async () => {
    scene = await new Scene().start();
    const before = scene.replica.instances.length;
    const [up, replica] = scene.specs;
    if (up === undefined || replica === undefined) throw new TypeError('there are two');
    await scene.server.apply([up, { ...replica, replica: { of: 'up', weight: 5, canary: 0.5 } }]);
    await scene.quiet();
    expect(scene.replica.instances).toHaveLength(before);
  });
});
