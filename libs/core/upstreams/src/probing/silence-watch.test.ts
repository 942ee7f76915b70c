import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import { SilenceWatch } from './silence-watch.ts';

function sceneOf() {
  const clock = new VirtualClock();
  const target = { clientCalls: 0, heardAtMs: 0 };
  const silent: number[] = [];
  const watch = new SilenceWatch({
    clock,
    targets: () => [target],
    onSilent: () => silent.push(clock.monotonicMs()),
  });
  watch.start();
  return { clock, target, silent, watch };
}

describe('SilenceWatch', () => {
  it('tells of a server that is silent for 15 s while a client waits, at most 4 s late', () => {
    const { clock, target, silent } = sceneOf();
    clock.advance(101_000);
    target.clientCalls = 1;
    clock.advance(14_900);
    expect(silent).toEqual([]);
    clock.advance(4_100);
    expect(silent).toEqual([118_000]);
  });

  it('tells again while it stays silent, and not of one that says something', () => {
    const { clock, target, silent } = sceneOf();
    target.clientCalls = 3;
    clock.advance(60_000);
    expect(silent).toEqual([18_000, 34_000, 50_000]);
    silent.length = 0;
    for (let second = 0; second < 60; second += 5) {
      target.heardAtMs = clock.monotonicMs();
      clock.advance(5_000);
    }
    expect(silent).toEqual([]);
  });

  it('tells nothing of one that nobody waits for', () => {
    const { clock, target, silent } = sceneOf();
    for (let round = 0; round < 10; round++) {
      target.clientCalls = 1;
      clock.advance(9_000);
      target.clientCalls = 0;
      clock.advance(9_000);
    }
    expect(silent).toEqual([]);
  });

  it('leaves no timer behind', () => {
    const { clock, watch } = sceneOf();
    watch.start();
    expect(clock.pendingTimers).toBe(1);
    watch.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});
