import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from './fake-clock.ts';

describe('VirtualClock', () => {
  it('stands still until it is advanced', () => {
    const clock = new VirtualClock();
    let fired = false;
    clock.after(10, () => (fired = true));
    clock.advance(9);
    expect(clock.monotonicMs()).toBe(9);
    expect(fired).toBe(false);
    clock.advance(1);
    expect(clock.monotonicMs()).toBe(10);
    expect(fired).toBe(true);
  });

  it('fires in order of time, then of setting, each at its own time', () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name}@${clock.monotonicMs()}`);
    clock.after(20, note('c'));
    clock.after(10, note('a'));
    clock.after(10, note('b'));
    clock.advance(100);
    expect(fired).toEqual(['a@10', 'b@10', 'c@20']);
  });

  it('fires timers that are set while it advances', () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    const tick = (): void => {
      fired.push(clock.monotonicMs());
      clock.after(10, tick);
    };
    clock.after(10, tick);
    clock.advance(35);
    expect(fired).toEqual([10, 20, 30]);
  });

  it('forgets a cancelled timer', () => {
    const clock = new VirtualClock();
    let fired = false;
    const cancel = clock.after(10, () => (fired = true));
    cancel();
    clock.advance(100);
    expect(fired).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('shows a wall clock that can be set without anybody waiting longer', () => {
    const clock = new VirtualClock();
    const begin = clock.now();
    let fired = false;
    clock.after(10, () => (fired = true));
    clock.advance(4);
    expect(clock.now() - begin).toBe(4);
    clock.setWallClock(1_000);
    clock.advance(6);
    expect(clock.now()).toBe(1_006);
    expect(clock.monotonicMs()).toBe(10);
    expect(fired).toBe(true);
  });

  it('lets promises settle between timers when asked to', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));
    const work = (async () => {
      await wait(10);
      seen.push(`first@${clock.monotonicMs()}`);
      await wait(10);
      seen.push(`second@${clock.monotonicMs()}`);
    })();
    await clock.advanceAsync(20);
    await work;
    expect(seen).toEqual(['first@10', 'second@20']);
  });
});
