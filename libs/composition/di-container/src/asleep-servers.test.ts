import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIFECYCLE } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { GatewayScene, SceneClient, ToolServer } from './gateway-scene.fixture.ts';

describe('a critical server that is stopped when nobody needs it', () => {
  it('leaves Omni ready while a call wakes it', async () => {
    const clock = new VirtualClock();
    const { spec } = new ToolServer({ clock, name: 'files', tools: ['read'] });
    const scene = await new GatewayScene(
      [{ ...spec, critical: true, idleStopMs: 60_000, lifecycle: DEFAULT_LIFECYCLE }],
      clock,
    ).start();
    const seen = new Set<boolean>();
    await clock.advanceAsync(1_000);
    expect(scene.server.readiness().ready).toBe(true);
    await clock.advanceAsync(70_000);
    expect(scene.server.upstreams()[0]?.state).toBe('asleep');
    scene.server.on('statusChanged', ({ ready }) => seen.add(ready));
    const client = new SceneClient(scene.server);
    const answered = client.modern('tools/call', { name: 'files__read' });
    await clock.advanceAsync(1_000);
    expect(await answered).toContain('files read');
    expect([...seen]).not.toContain(false);
    await scene.stop();
  });

  it('stays listed when its lists are too old', async () => {
    const clock = new VirtualClock();
    const { spec } = new ToolServer({ clock, name: 'files', tools: ['read'] });
    const scene = await new GatewayScene(
      [{ ...spec, idleStopMs: 60_000, lifecycle: DEFAULT_LIFECYCLE }],
      clock,
    ).start();
    await clock.advanceAsync(24 * 3_600_000);
    expect(scene.server.upstreams()[0]?.state).toBe('asleep');
    const client = new SceneClient(scene.server);
    await Promise.race([client.modern('tools/list'), clock.advanceAsync(20_000)]);
    await clock.advanceAsync(20_000);
    const listed = client.modern('tools/list');
    await clock.advanceAsync(20_000);
    expect(await listed).toContain('files__read');
    expect(scene.server.upstreams()[0]?.problems).toEqual([]);
    await scene.stop();
  });
});
