import { describe, expect, it } from '@jest/globals';
import { createChannelPair, type Endpoint } from '@omni/model';
import { upstreamSpecOf, VirtualClock } from '@omni/testing';
import { GatewayScene, ToolServer } from './gateway-scene.fixture.ts';

const CONNECT_TIMEOUT_MS = 30_000;

/** A server that never answers. */
function silent(name: string) {
  return upstreamSpecOf(
    { kind: 'channel', open: () => ({ send: () => true, close: () => Promise.resolve() }) },
    { name, instances: 'shared', protocol: 'legacy', connectTimeoutMs: CONNECT_TIMEOUT_MS },
  );
}

function settling(waiting: Promise<void>): { isOver: boolean } {
  const seen = { isOver: false };
  void waiting.then(() => (seen.isOver = true));
  return seen;
}

describe('MasterServer.whenSettled', () => {
  it('waits for each server, however long that takes, and for those that are added', async () => {
    const clock = new VirtualClock();
    const quick = new ToolServer({ clock, name: 'quick', tools: ['t'] });
    const scene = await new GatewayScene([quick.spec, silent('slow')], clock).start();
    const first = settling(scene.server.whenSettled());
    await clock.advanceAsync(CONNECT_TIMEOUT_MS - 1_000);
    expect(first.isOver).toBe(false);
    await clock.advanceAsync(2_000);
    expect(first.isOver).toBe(true);
    expect(scene.server.upstreams()[1]?.lastError?.code).toBe('OMNI_UPSTREAM_TIMEOUT');
    await scene.server.apply([quick.spec, silent('late')]);
    const second = settling(scene.server.whenSettled());
    await clock.advanceAsync(2_000);
    expect(second.isOver).toBe(false);
    await clock.advanceAsync(CONNECT_TIMEOUT_MS);
    expect(second.isOver).toBe(true);
    await scene.stop();
  });

  it('waits no longer than it is told to, nor than the gateway runs', async () => {
    const clock = new VirtualClock();
    const scene = await new GatewayScene([silent('slow')], clock).start();
    const bounded = settling(scene.server.whenSettled({ deadlineMs: 1_000 }));
    const unbounded = settling(scene.server.whenSettled());
    await clock.advanceAsync(999);
    expect(bounded.isOver).toBe(false);
    await clock.advanceAsync(1);
    expect(bounded.isOver).toBe(true);
    expect(unbounded.isOver).toBe(false);
    await scene.stop();
    expect(unbounded.isOver).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is refused before the start', async () => {
    const scene = new GatewayScene([silent('slow')]);
    await expect(scene.server.whenSettled()).rejects.toMatchObject({
      code: 'OMNI_NOT_STARTED',
      hint: expect.stringContaining('start()'),
    });
    await scene.stop();
  });
});

describe('MasterServer.bind', () => {
  it.each(['files', null, {}, { kind: 'one' }, { kind: 'server' }])(
    'refuses the endpoint %j',
    async (endpoint) => {
      const scene = new GatewayScene([]);
      const bind = (): unknown =>
        // What code without types may give.
        scene.server.bind(createChannelPair()[0], { endpoint: endpoint as unknown as Endpoint });
      expect(bind).toThrow(expect.objectContaining({ code: 'OMNI_PARAMS_INVALID' }));
      await scene.stop();
    },
  );
});

describe('MasterServer.start', () => {
  it('is refused after a stop', async () => {
    const scene = new GatewayScene([]);
    await scene.stop();
    await expect(scene.server.start()).rejects.toMatchObject({
      code: 'OMNI_SHUTTING_DOWN',
      hint: expect.stringContaining('createMasterServer'),
    });
  });
});
