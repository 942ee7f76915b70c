import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import { IdleStop } from './idle-stop.ts';

function sceneOf(idleMs = 60_000) {
  const clock = new VirtualClock();
  const scene = { clock, isInUse: false, idles: [] as number[] };
  const idleStop = new IdleStop({
    clock,
    idleMs: () => idleMs,
    isInUse: () => scene.isInUse,
    onIdle: () => scene.idles.push(clock.monotonicMs()),
  });
  return Object.assign(scene, { idleStop });
}

describe('IdleStop', () => {
  it('tells once when nobody has needed it for as long as was said', () => {
    const { clock, idleStop, idles } = sceneOf();
    idleStop.start();
    clock.advance(59_999);
    expect(idles).toEqual([]);
    clock.advance(600_000);
    expect(idles).toEqual([60_000]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('begins anew with each use', () => {
    const { clock, idleStop, idles } = sceneOf();
    idleStop.start();
    clock.advance(50_000);
    idleStop.touch();
    clock.advance(59_999);
    expect(idles).toEqual([]);
    clock.advance(1);
    expect(idles).toEqual([110_000]);
  });

  // guard: idle/in-use
  it('waits for what is under way', () => {
    const scene = sceneOf();
    scene.idleStop.start();
    scene.isInUse = true;
    scene.clock.advance(150_000);
    scene.isInUse = false;
    scene.clock.advance(600_000);
    // It looked at 60, 120 and 180 s, and was in use at the first two.
    expect(scene.idles).toEqual([180_000]);
  });

  it('is off with 0, and after it was stopped', () => {
    const off = sceneOf(0);
    off.idleStop.start();
    expect(off.clock.pendingTimers).toBe(0);
    const stopped = sceneOf();
    stopped.idleStop.start();
    stopped.idleStop.stop();
    expect(stopped.clock.pendingTimers).toBe(0);
  });
});
