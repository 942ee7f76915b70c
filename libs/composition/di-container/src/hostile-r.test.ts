import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIFECYCLE, type LogFields, type Logger } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { createMasterServer } from './create-master-server.ts';
import { GatewayScene, SceneClient, ToolServer } from './gateway-scene.fixture.ts';
import { parseConfigurationText } from './node/node-configuration.ts';

/* FAILING TESTS of a hostile reader. */

describe('R: a critical server that is stopped when nobody needs it', () => {
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
    await scene.stop();
    expect([...seen].slice(0, 1)).not.toContain(false);
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

describe('R: a gateway with many servers', () => {
  it.each([60, 100, 130, 150, 300])('logs of each of %i that it was stopped [S000-SHD-06]', async (count) => {
    const clock = new VirtualClock();
    const stopped = new Set<unknown>();
    const note = (fields: LogFields, message: string): void => {
      if (message === 'Server Stop') stopped.add(fields['upstream']);
    };
    const logger: Logger = { debugging: false, debug() {}, info: note, warn: note, error: note };
    const upstreams = Array.from(
      { length: count },
      (_, at) => new ToolServer({ clock, name: `s${at}`, tools: ['t'] }).spec,
    );
    const server = createMasterServer({
      configuration: { ...parseConfigurationText('{}', 'scene.json', {}), upstreams },
      clock,
      random: () => 0,
      logger,
    });
    await server.start();
    await clock.advanceAsync(10_000);
    await server.stop({ deadlineMs: 0 });
    await clock.advanceAsync(0);
    expect(stopped.size).toBe(count);
  });
});

describe('R: the start', () => {
  it('does not go on with a part whose start ends after the stop', async () => {
    const { LifecycleList } = await import('./lifecycle-list.ts');
    const { PhaseLog } = await import('./phase-log.ts');
    const clock = new VirtualClock();
    const logger: Logger = { debugging: false, debug() {}, info() {}, warn() {}, error() {} };
    let isHeld = false;
    const list = new LifecycleList(
      [
        {
          name: 'listeners',
          start: () =>
            new Promise<void>((resolve) => {
              clock.after(1_000, () => {
                isHeld = true;
                resolve();
              });
            }),
          stop: () => {
            isHeld = false;
          },
        },
      ],
      { logger, clock, phases: new PhaseLog('start', clock, logger) },
    );
    const started = list.start();
    await list.stop(0);
    await clock.advanceAsync(1_000);
    await started;
    expect(isHeld).toBe(false);
  });
});
