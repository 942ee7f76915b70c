import { describe, expect, it } from '@jest/globals';
import { coordinatorProgram, InlineRoleHost } from '@omni/coordinator';
import { type RoleHost } from '@omni/ports';
import type { OmniEvent } from '@omni/events';
import { VirtualClock } from '@omni/testing';
import { createMasterServer } from './create-master-server.ts';
import { ToolServer } from './gateway-scene.fixture.ts';

/* FAILING TESTS of a hostile reader: a gateway whose coordinator is in another thread, as the program has it. */

/** Messages take a millisecond each way. */
function elsewhere(clock: VirtualClock, exits: ((reason: string) => void)[] = []): RoleHost {
  const inline = new InlineRoleHost(coordinatorProgram({ clock, random: () => 0 }));
  return {
    sharesMemory: true,
    start(data, listener) {
      exits.push((reason) => listener.onExit(reason));
      const role = inline.start(data, {
        onMessage: (message) => void clock.after(1, () => listener.onMessage(message)),
        onExit: (reason) => listener.onExit(reason),
      });
      return {
        post: (message) => void clock.after(1, () => role.post(message)),
        terminate: () => role.terminate(),
      };
    },
  };
}

describe('R: a coordinator that was restarted', () => {
  it('is told of on the bus', async () => {
    const clock = new VirtualClock();
    const exits: ((reason: string) => void)[] = [];
    const { spec } = new ToolServer({ clock, name: 'files', tools: ['read'] });
    const gateway = createMasterServer({
      configuration: { upstreams: [spec] },
      clock,
      random: () => 0,
      coordinator: elsewhere(clock, exits),
    });
    const events: OmniEvent[] = [];
    gateway.events.listen((event) => void events.push(event));
    await gateway.start();
    await clock.advanceAsync(5_000);
    exits[0]?.('died');
    await clock.advanceAsync(30_000);
    await gateway.stop({ deadlineMs: 0 });
    expect(exits.length).toBeGreaterThan(1);
    expect(events.map(({ type }) => type)).toContain('coordinator.restarted');
  });
});
