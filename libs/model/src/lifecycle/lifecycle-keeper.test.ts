import { describe, expect, it } from '@jest/globals';
import type { LifecycleSettings } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { FAILURE, recordOf, settingsOf } from './lifecycle.fixture.ts';
import { LifecycleKeeper } from './lifecycle-keeper.ts';
import type { LifecycleExecutor } from './lifecycle-owner.ts';
import type { UpstreamEvent } from './upstream-state.ts';

/** Keeps a stopped upstream; what its executor is told is noted down in order. */
class Scene {
  readonly clock = new VirtualClock();
  readonly log: string[] = [];
  readonly handle: LifecycleKeeper;
  /** Reports something while a command is executed. */
  onCommand: (kind: string) => void = () => {};

  constructor(settings: LifecycleSettings = settingsOf()) {
    const executor: LifecycleExecutor = {
      execute: ({ kind }) => {
        this.log.push(kind);
        this.onCommand(kind);
      },
      onChanged: ({ state }) => void this.log.push(`-> ${state.phase}`),
    };
    const record = recordOf({ phase: 'stopped', since: this.clock.now() });
    this.handle = new LifecycleKeeper({ record, settings, clock: this.clock, random: () => 0, executor });
  }

  tell(...events: readonly UpstreamEvent[]): this {
    for (const event of events) this.handle.report(event);
    return this;
  }

  get phase(): string {
    return this.handle.record.state.phase;
  }
}

describe('LifecycleKeeper', () => {
  it('executes what is decided, then tells what it has become, and keeps its time', () => {
    const scene = new Scene().tell({ kind: 'started' }, { kind: 'connectFailed', ...FAILURE });
    expect(scene.log).toEqual(['connect', '-> starting', '-> down']);
    scene.clock.advance(499);
    expect(scene.phase).toBe('down');
    scene.clock.advance(1);
    expect(scene.phase).toBe('starting');
    // An attempt ends when the outage has lasted for too long.
    expect(scene.clock.pendingTimers).toBe(1);
    scene.clock.advance(1_799_500);
    expect(scene.phase).toBe('disabled');
    expect(scene.clock.pendingTimers).toBe(0);
  });

  // guard: lifecycle/one-at-a-time
  it('decides what a command reports after what it was commanded by', () => {
    const scene = new Scene();
    scene.onCommand = (kind) => {
      if (kind === 'connect')
        scene.tell({ kind: 'connected', era: 'legacy' }, { kind: 'listed', hasProblem: false });
    };
    scene.tell({ kind: 'started' });
    expect(scene.log).toEqual(['connect', '-> starting', '-> ready', '-> ready']);
  });

  it('goes on when an executor throws', () => {
    const scene = new Scene();
    scene.onCommand = () => {
      scene.onCommand = () => {};
      throw new RangeError('x');
    };
    expect(() => scene.tell({ kind: 'started' })).toThrow('x');
    scene.tell({ kind: 'connectFailed', ...FAILURE });
    expect(scene.phase).toBe('down');
  });

  it('tells nothing of what changes nothing', () => {
    const scene = new Scene().tell({ kind: 'probed' }, { kind: 'drained' }, { kind: 'due' });
    expect(scene.log).toEqual([]);
  });

  it('takes other numbers at once for what it waits for', () => {
    const scene = new Scene().tell({ kind: 'started' }, { kind: 'connectFailed', ...FAILURE });
    scene.handle.configure(settingsOf({ breaker: { disableAfterMs: 200 } }));
    scene.clock.advance(200);
    expect(scene.phase).toBe('disabled');
  });

  // guard: lifecycle/released
  it('decides nothing and waits for nothing once it is released', () => {
    const scene = new Scene().tell({ kind: 'started' }, { kind: 'connectFailed', ...FAILURE });
    scene.handle.release();
    scene.handle.configure(settingsOf());
    scene.tell({ kind: 'retried' });
    expect(scene.phase).toBe('down');
    expect(scene.clock.pendingTimers).toBe(0);
  });
});
