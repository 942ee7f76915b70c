import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { Quota } from './quota.ts';

function open(options: { calls: number; windowMs: number; maxKeys?: number }) {
  const clock = new VirtualClock();
  return { clock, quota: new Quota({ ...options, clock }) };
}

describe('Quota', () => {
  it('says what is left of a window, and when it begins anew', () => {
    const { clock, quota } = open({ calls: 3, windowMs: 60_000 });
    expect(quota.left('s1')).toEqual({ left: 3, renewsInMs: 0 });
    expect(quota.take('s1')).toEqual({ left: 2, renewsInMs: 60_000 });
    clock.advance(20_000);
    expect(quota.take('s1')).toEqual({ left: 1, renewsInMs: 40_000 });
    expect(quota.left('s1')).toEqual({ left: 1, renewsInMs: 40_000 });
    expect(quota.take('s2')).toEqual({ left: 2, renewsInMs: 60_000 });
  });

  // guard: quota/used-up
  it('allows no more calls in a window than it has', () => {
    const { quota } = open({ calls: 3, windowMs: 60_000 });
    const taken = Array.from({ length: 10 }, () => quota.take('s1')?.left);
    expect(taken.slice(0, 5)).toEqual([2, 1, 0, undefined, undefined]);
    expect(quota.left('s1')).toEqual({ left: 0, renewsInMs: 60_000 });
    expect(quota.take('s2')?.left).toBe(2);
  });

  // guard: quota/anew
  it('begins anew, and forgets what is over', () => {
    const { clock, quota } = open({ calls: 1, windowMs: 1_000 });
    for (let key = 0; key < 5_000; key++) {
      quota.take(`session ${key}`);
      clock.advance(10);
    }
    expect(quota.size).toBeLessThanOrEqual(101);
    quota.take('s1');
    clock.advance(999);
    expect(quota.take('s1')).toBeUndefined();
    clock.advance(1);
    expect(quota.take('s1')).toEqual({ left: 0, renewsInMs: 1_000 });
  });

  // guard: quota/max-keys
  it('has no more windows than it may, and the rest share one', () => {
    const { clock, quota } = open({ calls: 2, windowMs: 1_000, maxKeys: 2 });
    for (const key of ['a', 'b', 'c', 'd']) expect(quota.take(key)).toBeDefined();
    expect(quota.size).toBe(2);
    expect(quota.take('e')).toBeUndefined();
    expect(quota.take('a')).toEqual({ left: 0, renewsInMs: 1_000 });
    clock.advance(1_000);
    for (const key of ['f', 'g']) quota.take(key);
    expect(quota.left('e')).toEqual({ left: 2, renewsInMs: 0 });
    expect(quota.take('e')).toEqual({ left: 1, renewsInMs: 1_000 });
  });

  it('agrees with a list of all calls, whatever comes when', () => {
    const step = fc.record({ afterMs: fc.nat({ max: 400 }), key: fc.nat({ max: 3 }) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200, size: 'max' }),
        fc.integer({ min: 1, max: 6 }),
        (steps, calls) => {
          const { clock, quota } = open({ calls, windowMs: 1_000 });
          const taken: { key: number; atMs: number }[] = [];
          for (const { afterMs, key } of steps) {
            clock.advance(afterMs);
            const nowMs = clock.monotonicMs();
            const beganMs = windowsOf(taken.filter((call) => call.key === key).map(({ atMs }) => atMs)).at(
              -1,
            );
            const isNew = beganMs === undefined || nowMs >= beganMs + 1_000;
            const inWindow = isNew ? [] : taken.filter((call) => call.key === key && call.atMs >= beganMs);
            const left = calls - inWindow.length;
            const renewsInMs = isNew ? 1_000 : beganMs + 1_000 - nowMs;
            expect(quota.left(String(key))).toEqual({ left, renewsInMs: isNew ? 0 : renewsInMs });
            expect(quota.take(String(key))).toEqual(left === 0 ? undefined : { left: left - 1, renewsInMs });
            if (left > 0) taken.push({ key, atMs: nowMs });
          }
        },
      ),
      { seed: 1_111, numRuns: 200 },
    );
  });
});

/** When each window of 1 s has begun, by the calls of one key. */
function windowsOf(times: readonly number[]): number[] {
  const begins: number[] = [];
  for (const atMs of times) if (atMs >= (begins.at(-1) ?? -1_000) + 1_000) begins.push(atMs);
  return begins;
}
