import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { CallAttempts } from './call-attempts.ts';
import { RepeatBudget } from './repeat-budget.ts';

function takeAll(budget: RepeatBudget): number {
  let taken = 0;
  while (taken < 1_000 && budget.take()) taken++;
  return taken;
}

describe('RepeatBudget', () => {
  // guard: repeat/budget
  it('allows one in five calls, and one per second beside them', () => {
    const clock = new VirtualClock();
    const budget = new RepeatBudget({ clock });
    expect(takeAll(budget)).toBe(10);
    for (let call = 0; call < 100; call++) budget.onCall();
    expect(takeAll(budget)).toBe(20);
    clock.advance(10_000);
    expect(takeAll(budget)).toBe(10);
  });

  it('keeps an upstream that is down from being asked much more often than one that works', () => {
    const clock = new VirtualClock();
    const budget = new RepeatBudget({ clock });
    let asked = 0;
    for (let call = 0; call < 60_000; call++) {
      budget.onCall();
      asked++;
      for (let attempt = 0; attempt < 2; attempt++) if (budget.take()) asked++;
      clock.advance(1);
    }
    expect(asked / 60_000).toBeLessThan(1.21);
  });

  it('counts a call that came long ago and is told now, such as after a wait, as one of now', () => {
    const clock = new VirtualClock();
    const budget = new RepeatBudget({ share: 1, minPerSecond: 0, clock });
    clock.advance(60_000);
    budget.onCall();
    budget.onCall(0);
    expect(takeAll(budget)).toBe(2);
  });

  it('agrees with a list of all that has happened, whatever happens', () => {
    const step = fc.record({
      afterMs: fc.oneof(fc.constant(0), fc.nat({ max: 700 }), fc.nat({ max: 15_000 })),
      isCall: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 150, size: 'max' }),
        fc.constantFrom(0.05, 0.2, 0.5),
        fc.constantFrom(0, 0.1, 1),
        (steps, share, minPerSecond) => {
          const clock = new VirtualClock();
          const budget = new RepeatBudget({ share, minPerSecond, clock });
          const calls: number[] = [];
          const repeats: number[] = [];
          for (const { afterMs, isCall } of steps) {
            clock.advance(afterMs);
            const second = Math.trunc(clock.monotonicMs() / 1_000);
            const recent = (seconds: number[]): number =>
              seconds.filter((other) => other + 10 > second).length;
            if (isCall) {
              budget.onCall();
              calls.push(second);
            } else {
              const isLeft = recent(repeats) < Math.floor(minPerSecond * 10 + share * recent(calls));
              expect(budget.take()).toBe(isLeft);
              if (isLeft) repeats.push(second);
            }
          }
        },
      ),
      { seed: 1_108, numRuns: 300 },
    );
  });
});

describe('CallAttempts', () => {
  const budget = (minPerSecond = 100): RepeatBudget =>
    new RepeatBudget({ minPerSecond, clock: new VirtualClock() });

  // guard: repeat/attempts
  it('allows three attempts, with repeats and hedges', () => {
    const attempts = new CallAttempts({ repeats: budget(), hedges: budget() });
    expect(attempts.add('hedge')).toBe(true);
    expect(attempts.add('repeat')).toBe(true);
    expect(attempts.add('repeat')).toBe(false);
    expect(attempts.add('hedge')).toBe(false);
    expect(attempts.made).toBe(3);
  });

  it('takes repeats and hedges from budgets of their own', () => {
    const hedges = budget(0);
    const attempts = new CallAttempts({ repeats: budget(), hedges, maxAttempts: 9 });
    expect(attempts.add('hedge')).toBe(false);
    expect(attempts.add('repeat')).toBe(true);
    expect(attempts.made).toBe(2);
  });

  it('makes no hedges where there is no budget for them', () => {
    const attempts = new CallAttempts({ repeats: budget() });
    expect(attempts.add('hedge')).toBe(false);
    expect(attempts.add('repeat')).toBe(true);
  });

  it('counts as one call in both budgets, and takes nothing of them when it has no attempt left', () => {
    const repeats = new RepeatBudget({ share: 1, minPerSecond: 0, clock: new VirtualClock() });
    const hedges = new RepeatBudget({ share: 1, minPerSecond: 0, clock: new VirtualClock() });
    const attempts = new CallAttempts({ repeats, hedges, maxAttempts: 1 });
    expect(attempts.add('repeat')).toBe(false);
    expect(attempts.add('hedge')).toBe(false);
    expect(takeAll(repeats)).toBe(1);
    expect(takeAll(hedges)).toBe(1);
  });
});
