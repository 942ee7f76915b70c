import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ROUTING, type RoutingSettings } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { GatewayScene, SceneClient, ToolServer } from './gateway-scene.fixture.ts';
import type { GatewayUpstream } from './gateway-options.ts';

/** A server `up` whose calls go to `spare`, too. */
class Scene extends GatewayScene {
  readonly spare: ToolServer;

  constructor(routing: Partial<RoutingSettings>, spareAfterMs = 0, replica?: GatewayUpstream['replica']) {
    const clock = new VirtualClock();
    const up = new ToolServer({ clock, name: 'up', tools: ['write'] });
    const spare = new ToolServer({ clock, name: 'spare', tools: ['write'], answersAfterMs: spareAfterMs });
    super(
      [
        { ...up.spec, routing: { ...DEFAULT_ROUTING, ...routing } },
        { ...spare.spec, ...(replica && { replica }) },
      ],
      clock,
    );
    this.spare = spare;
  }

  async call(era: 'legacy' | 'modern' = 'modern', ms = 0): Promise<string> {
    const client = new SceneClient(this.server);
    const params = { name: 'up__write', arguments: {} };
    if (era === 'legacy') await this.answer(client.initialize().then(() => ''));
    const asked =
      era === 'legacy' ? client.request('tools/call', params) : client.modern('tools/call', params);
    await this.clock.advanceAsync(ms);
    return await this.answer(asked);
  }
}

describe('a call that was sent to another server than its name leads to', () => {
  it.each(['modern', 'legacy'] as const)('may have run when it is cut, in the %s era', async (era) => {
    const scene = await new Scene(
      { failover: ['spare'], deadlineMs: 300, rate: { perSecond: 0.001, burst: 1 } },
      5_000,
    ).start();
    expect(await scene.call(era)).toContain('up write');
    const text = await scene.call(era, 300);
    expect(text).toContain('OMNI_OUTCOME_UNKNOWN');
    await scene.stop();
  });
});

describe('an override', () => {
  // guard: overrides/waiting
  it('keeps calls away that wait for their turn', async () => {
    const scene = await new Scene({
      rate: { perSecond: 1, burst: 1 },
      queue: { maxWaiting: 10, maxWaitMs: 10_000 },
    }).start();
    await scene.call();
    const client = new SceneClient(scene.server);
    const waiting = client.modern('tools/call', { name: 'up__write', arguments: {} });
    await scene.clock.advanceAsync(100);
    scene.server.overrides.set({ upstream: 'up' }, { kind: 'breaker', state: 'open' });
    await scene.clock.advanceAsync(2_000);
    expect(await waiting).toContain('OMNI_OVERRIDDEN');
    await scene.stop();
  });

  it('of a replica sends its calls to another one', async () => {
    const scene = await new Scene({}, 0, { of: 'up', weight: 1 }).start();
    scene.server.overrides.set({ upstream: 'spare' }, { kind: 'breaker', state: 'open' });
    const texts = [await scene.call(), await scene.call(), await scene.call(), await scene.call()];
    expect(texts.map((text) => /up write|spare write|OMNI_[A-Z_]+/.exec(text)?.[0])).toEqual(
      Array(4).fill('up write'),
    );
    await scene.stop();
  });

  it('of a server has its calls made by those that are there in its place', async () => {
    const scene = await new Scene({ failover: ['spare'] }).start();
    scene.server.overrides.set({ upstream: 'up' }, { kind: 'breaker', state: 'open' });
    expect(await scene.call()).toContain('spare write');
    await scene.stop();
  });

  it('that makes a server read-only counts for calls that come from another one', async () => {
    const scene = await new Scene({ failover: ['spare'], rate: { perSecond: 0.001, burst: 1 } }).start();
    scene.server.overrides.set({ upstream: 'spare' }, { kind: 'read-only' });
    expect(await scene.call()).toContain('up write');
    expect(await scene.call()).not.toContain('spare write');
    await scene.stop();
  });

  it('that makes a replica read-only sends to another one what changes something', async () => {
    const scene = await new Scene({}, 0, { of: 'up', weight: 1 }).start();
    scene.server.overrides.set({ upstream: 'spare' }, { kind: 'read-only' });
    const texts = [await scene.call(), await scene.call(), await scene.call(), await scene.call()];
    expect(texts.map((text) => /up write|spare write|OMNI_[A-Z_]+/.exec(text)?.[0])).toEqual(
      Array(4).fill('up write'),
    );
    await scene.stop();
  });
});
