import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { Quota, type QuotaOptions } from './quota.ts';

function open(options: Omit<QuotaOptions, 'clock'>) {
  const clock = new VirtualClock();
  return { clock, quota: new Quota({ ...options, clock }) };
}

// guard: quota/window-over
it('takes back no call of a window that is over', () => {
  const clock = new VirtualClock();
  const quota = new Quota({ windowMs: 1_000, calls: 1, clock });
  quota.take('up');
  const takenMs = clock.monotonicMs();
  clock.advance(1_000);
  quota.giveBack('up', takenMs);
  expect(quota.size).toBe(0);
  expect(quota.take('up')).toBeUndefined();
  quota.giveBack('up', takenMs);
  expect(quota.take('up')?.kind).toBe('calls');
});

describe('Quota', () => {
  // guard: quota/used-up
  it('allows no more calls in a window than it has, and says when the next one begins', () => {
    const { clock, quota } = open({ calls: 3, windowMs: 60_000 });
    expect(quota.take('s1')).toBeUndefined();
    clock.advance(20_000);
    const refusals = Array.from({ length: 4 }, () => quota.take('s1'));
    const refused = { kind: 'calls', retryAfterMs: 40_000 };
    expect(refusals).toEqual([undefined, undefined, refused, refused]);
    expect(quota.take('s2')).toBeUndefined();
    quota.giveBack('s1', clock.monotonicMs());
    expect([quota.take('s1'), quota.take('s1')]).toEqual([undefined, refused]);
  });

  // guard: quota/bytes
  it('is paid with bytes behind a call', () => {
    const { quota } = open({ bytes: 100, windowMs: 1_000 });
    for (let call = 0; call < 20; call++) expect(quota.take('s1')).toBeUndefined();
    quota.pay('s1', { bytes: 99, busyMs: 1 });
    expect(quota.take('s1')).toBeUndefined();
    quota.pay('s1', { bytes: 1, busyMs: 1 });
    expect(quota.take('s1')).toEqual({ kind: 'bytes', retryAfterMs: 1_000 });
  });

  // guard: quota/busy
  it('is paid with the time that a call has run, in the window in which it ends', () => {
    const { clock, quota } = open({ busyMs: 500, windowMs: 1_000 });
    quota.take('s1');
    clock.advance(1_200);
    quota.pay('s1', { bytes: 0, busyMs: 1_200 });
    expect(quota.take('s1')).toEqual({ kind: 'busy', retryAfterMs: 1_000 });
    clock.advance(1_000);
    expect(quota.take('s1')).toBeUndefined();
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
    expect(quota.take('s1')).toBeDefined();
    clock.advance(1);
    expect(quota.take('s1')).toBeUndefined();
  });

  // guard: quota/max-keys
  it('has no more windows than it may, and the rest share one', () => {
    const { clock, quota } = open({ calls: 2, windowMs: 1_000, maxKeys: 2 });
    for (const key of ['a', 'b', 'c', 'd']) expect(quota.take(key)).toBeUndefined();
    expect(quota.size).toBe(2);
    expect(quota.take('e')).toBeDefined();
    expect(quota.take('a')).toBeUndefined();
    clock.advance(1_000);
    for (const key of ['f', 'g']) quota.take(key);
    expect(quota.take('e')).toBeUndefined();
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
            const isLeft = inWindow.length < calls;
            const retryAfterMs = isNew ? 1_000 : beganMs + 1_000 - nowMs;
            expect(quota.take(String(key))).toEqual(isLeft ? undefined : { kind: 'calls', retryAfterMs });
            if (isLeft) taken.push({ key, atMs: nowMs });
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
