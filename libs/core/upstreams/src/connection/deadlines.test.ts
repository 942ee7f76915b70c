import { describe, expect, it, jest } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { Deadlines } from './deadlines.ts';

describe('Deadlines', () => {
  // guard: deadline/idle
  it('fires when nothing was heard for the idle time', () => {
    const { clock, deadlines } = open();
    const onDeadline = jest.fn();
    const deadline = deadlines.start({ onDeadline }, 1_000, 60_000);
    clock.advance(900);
    deadline.touch();
    clock.advance(950);
    expect(onDeadline).not.toHaveBeenCalled();
    clock.advance(250);
    expect(onDeadline.mock.calls).toEqual([['idle']]);
  });

  // guard: deadline/total
  it('fires at the total time however much was heard', () => {
    const { clock, deadlines } = open();
    const onDeadline = jest.fn();
    const deadline = deadlines.start({ onDeadline }, 1_000, 5_000);
    for (let turn = 0; turn < 60; turn++) {
      clock.advance(100);
      deadline.touch();
    }
    expect(onDeadline.mock.calls).toEqual([['total']]);
  });

  it('does not count the time for which it is held', () => {
    const { clock, deadlines } = open();
    const onDeadline = jest.fn();
    const deadline = deadlines.start({ onDeadline }, 1_000, 600_000);
    deadline.hold();
    deadline.hold();
    clock.advance(100_000);
    deadline.release();
    clock.advance(100_000);
    deadline.release();
    clock.advance(900);
    expect(onDeadline).not.toHaveBeenCalled();
    clock.advance(300);
    expect(onDeadline).toHaveBeenCalledTimes(1);
  });

  it('runs no timer when there is nothing to wait for', () => {
    const { clock, deadlines } = open();
    expect(clock.pendingTimers).toBe(0);
    const first = deadlines.start({ onDeadline() {} }, 1_000, 1_000);
    const second = deadlines.start({ onDeadline() {} }, 1_000, 1_000);
    expect(clock.pendingTimers).toBe(1);
    first.stop();
    first.stop();
    expect(clock.pendingTimers).toBe(1);
    second.stop();
    expect(clock.pendingTimers).toBe(0);
    expect(deadlines.size).toBe(0);
  });

  it('lets a listener start and stop others while it fires', () => {
    const { clock, deadlines } = open();
    const log: string[] = [];
    const other = deadlines.start({ onDeadline: () => log.push('other') }, 1_000, 10_000);
    deadlines.start(
      {
        onDeadline: () => {
          log.push('first');
          other.stop();
          deadlines.start({ onDeadline: () => log.push('again') }, 1_000, 10_000);
        },
      },
      500,
      10_000,
    );
    clock.advance(5_000);
    expect(log).toEqual(['first', 'again']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is never early and at most 200 ms late, whatever the times', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 120_000 }), fc.integer({ min: 1, max: 200_000 })), {
          minLength: 1,
          maxLength: 20,
        }),
        (plans) => {
          const { clock, deadlines } = open();
          const lates: number[] = [];
          for (const [startMs, lengthMs] of plans.toSorted(([a], [b]) => a - b)) {
            clock.advance(startMs - clock.monotonicMs());
            const dueMs = startMs + lengthMs;
            deadlines.start(
              { onDeadline: () => lates.push(clock.monotonicMs() - dueMs) },
              lengthMs,
              lengthMs,
            );
          }
          clock.advance(400_000);
          expect(lates).toHaveLength(plans.length);
          for (const late of lates) {
            expect(late).toBeGreaterThanOrEqual(0);
            expect(late).toBeLessThanOrEqual(200);
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});

function open() {
  const clock = new VirtualClock();
  return { clock, deadlines: new Deadlines(clock) };
}
