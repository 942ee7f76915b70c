import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import { MemoryGuard } from './memory-guard.ts';

function open(share = 0.85) {
  const clock = new VirtualClock();
  const state = { used: 0, garbage: 0, collections: 0, collectMs: 0, collectingMs: 0 };
  const log: string[] = [];
  const guard = new MemoryGuard({
    share,
    clock: {
      monotonicMs: () => clock.monotonicMs() + state.collectingMs,
      after: (ms, action) => clock.after(ms, action),
    },
    heap: {
      read: () => ({ usedBytes: (state.used + state.garbage) * 1_000, limitBytes: 1_000 }),
      collect: () => {
        state.collections++;
        state.garbage = 0;
        state.collectingMs += state.collectMs;
      },
    },
    onChange: (pressure, { usedBytes }) => log.push(`${pressure} at ${usedBytes}`),
  });
  const pass = (used: number, ms = 250): string => {
    state.used = used;
    clock.advance(ms);
    return guard.pressure;
  };
  return { clock, state, log, guard, pass };
}

describe('MemoryGuard', () => {
  // guard: memory/critical
  it('refuses what is new at 85 %, everything at 95 %, and takes it again 5 % below', () => {
    const { guard, pass, log } = open();
    guard.start();
    const seen = [0.84, 0.85, 0.81, 0.95, 0.91, 0.89, 0.81, 0.79].map((used) => pass(used));
    expect(seen).toEqual(['none', 'high', 'high', 'critical', 'critical', 'high', 'high', 'none']);
    expect(log).toEqual(['high at 850', 'critical at 950', 'high at 890', 'none at 790']);
  });

  it('says what is refused, when to come back and what to do', () => {
    const { guard, pass } = open();
    guard.start();
    pass(0.5);
    expect([guard.refusal('request'), guard.refusal('anything')]).toEqual([undefined, undefined]);
    pass(0.9);
    expect(guard.refusal('anything')).toBeUndefined();
    expect(guard.refusal('request')).toMatchObject({
      code: 'OMNI_OVERLOADED',
      retryAfterS: 1,
      message: 'The memory of Omni is nearly full (limits.maxHeapShare is 0.85)',
    });
    pass(0.96);
    expect(guard.refusal('anything')?.code).toBe('OMNI_OVERLOADED');
  });

  it('takes what nobody uses for no pressure', () => {
    const { guard, pass, state } = open();
    guard.start();
    state.garbage = 0.6;
    expect(pass(0.3)).toBe('none');
    expect(state.collections).toBe(1);
  });

  // guard: memory/collecting
  it('collects for a tenth of the time at most', () => {
    const { guard, pass, state, clock } = open();
    guard.start();
    state.collectMs = 400;
    for (let look = 0; look < 200; look++) pass(0.9);
    expect(state.collectingMs).toBeLessThanOrEqual(clock.monotonicMs() / 9);
    expect(state.collections).toBeGreaterThan(5);
  });

  it('looks by a timer, until it is stopped, and not at all where the share is 1', () => {
    const { guard, clock } = open();
    guard.start();
    guard.start();
    expect(clock.pendingTimers).toBe(1);
    guard.stop();
    expect(clock.pendingTimers).toBe(0);
    const off = open(1);
    off.guard.start();
    expect(off.pass(1)).toBe('none');
    expect(off.clock.pendingTimers).toBe(0);
  });
});
