import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ROUTING, type RoutingSettings } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { GatewayScene, SceneClient, ToolServer } from './gateway-scene.fixture.ts';

class Scene {
  readonly clock = new VirtualClock();
  readonly server;
  readonly #gateway;

  constructor(routing: Partial<RoutingSettings>, answersAfterMs = 0) {
    const { clock } = this;
    this.server = new ToolServer({ clock, name: 'a', tools: ['t'], answersAfterMs });
    this.#gateway = new GatewayScene([this.#with(routing)], clock);
  }

  async start(): Promise<this> {
    await this.#gateway.start();
    await this.#gateway.quiet();
    return this;
  }

  async edit(routing: Partial<RoutingSettings> | undefined): Promise<void> {
    const definition = routing === undefined ? this.server.spec : this.#with(routing);
    expect(await this.#gateway.server.apply([definition])).toMatchObject({ changed: ['a'], replaced: [] });
  }

  async remove(): Promise<void> {
    expect(await this.#gateway.server.apply([])).toMatchObject({ removed: ['a'] });
  }

  /** The code that it ends with; `undefined` for an answer. */
  async call(ms = 0): Promise<string | undefined> {
    const asked = new SceneClient(this.#gateway.server).modern('tools/call', { name: 'a__t', arguments: {} });
    await this.clock.advanceAsync(ms);
    return /OMNI_[A-Z_]+/.exec(await asked)?.[0];
  }

  async stop(): Promise<void> {
    expect(this.server.instances).toHaveLength(1);
    await this.#gateway.stop();
  }

  #with(routing: Partial<RoutingSettings>) {
    return { ...this.server.spec, routing: { ...DEFAULT_ROUTING, ...routing } };
  }
}

const ONE = { perSecond: 0.001, burst: 1 };

describe('an edit of routing', () => {
  // guard: registry/unset
  it('counts at once, and leaves the connections of its server alone', async () => {
    const scene = await new Scene({}, 500).start();
    expect(await scene.call(500)).toBeUndefined();
    await scene.edit({ deadlineMs: 100 });
    expect(await scene.call(100)).toBe('OMNI_UPSTREAM_TIMEOUT');
    await scene.edit({ rate: ONE });
    expect([await scene.call(500), await scene.call()]).toEqual([undefined, 'OMNI_RATE_LIMITED']);
    await scene.edit(undefined);
    expect(await scene.call(500)).toBeUndefined();
    await scene.stop();
  });

  it('ends no call that is under way: it keeps what it began with', async () => {
    const scene = await new Scene({}, 500).start();
    const running = scene.call(500);
    await scene.edit({ deadlineMs: 1 });
    expect(await running).toBeUndefined();
    await scene.stop();
  });

  it('keeps what was counted by settings that stay, and begins anew by others', async () => {
    const scene = await new Scene({ rate: ONE }).start();
    expect([await scene.call(), await scene.call()]).toEqual([undefined, 'OMNI_RATE_LIMITED']);
    await scene.edit({ rate: ONE, deadlineMs: 60_000 });
    expect(await scene.call()).toBe('OMNI_RATE_LIMITED');
    await scene.edit({ rate: { ...ONE, burst: 2 } });
    expect([await scene.call(), await scene.call(), await scene.call()]).toEqual([
      undefined,
      undefined,
      'OMNI_RATE_LIMITED',
    ]);
    await scene.stop();
  });
});

describe('an edit of what else is counted', () => {
  it('keeps what was used of a quota that stays, and begins another one anew', async () => {
    const quota = { windowMs: 600_000, calls: 1 };
    const scene = await new Scene({ quota }).start();
    expect([await scene.call(), await scene.call()]).toEqual([undefined, 'OMNI_QUOTA_USED_UP']);
    await scene.edit({ quota, deadlineMs: 60_000 });
    expect(await scene.call()).toBe('OMNI_QUOTA_USED_UP');
    await scene.edit({ quota: { ...quota, calls: 2 } });
    expect([await scene.call(), await scene.call()]).toEqual([undefined, undefined]);
    await scene.stop();
  });

  it('lets calls wait for a place from then on, and counts on those under way', async () => {
    const adaptive = { ...DEFAULT_ROUTING.concurrency, isAdaptive: true, initial: 1, max: 1 };
    const scene = await new Scene({ concurrency: adaptive }, 500).start();
    const first = scene.call(500);
    await scene.clock.advanceAsync(0);
    expect(await scene.call()).toBe('OMNI_OVERLOADED');
    await first;
    const running = scene.call();
    await scene.edit({ concurrency: adaptive, queue: { maxWaiting: 5, maxWaitMs: 10_000 } });
    const waiting = scene.call(1_000);
    expect(await Promise.all([running, waiting])).toEqual([undefined, undefined]);
    await scene.edit({});
    expect(await Promise.all([scene.call(500), scene.call(500)])).toEqual([undefined, undefined]);
    await scene.stop();
  });
});

describe('calls that wait for their turn', () => {
  const WAITING: Partial<RoutingSettings> = {
    retry: { ...DEFAULT_ROUTING.retry, attempts: 1 },
    rate: { perSecond: 1, burst: 1 },
    queue: { maxWaiting: 10, maxWaitMs: 10_000 },
  };

  // guard: stages/held
  it('are still taken by their server when it is taken out of service', async () => {
    const scene = await new Scene(WAITING).start();
    const calls = [scene.call(), scene.call(), scene.call()];
    await scene.clock.advanceAsync(0);
    await scene.remove();
    await scene.clock.advanceAsync(1_500);
    const isOpenWhile = scene.server.instances[0]?.isOpen;
    await scene.clock.advanceAsync(1_500);
    expect(await Promise.all(calls)).toEqual([undefined, undefined, undefined]);
    expect([isOpenWhile, scene.server.instances[0]?.isOpen]).toEqual([true, false]);
    await scene.stop();
  });
});
