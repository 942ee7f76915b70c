import { describe, expect, it } from '@jest/globals';
import { type LogFields, type Logger } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { createMasterServer } from './create-master-server.ts';
import { ToolServer } from './gateway-scene.fixture.ts';
import { parseConfigurationText } from './node/node-configuration.ts';

/* FAILING TESTS of a hostile reader. */

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
