import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { CallDeadline, type CallDeadlineOptions } from './call-deadline.ts';

function open(options: Partial<CallDeadlineOptions> = {}) {
  const clock = new VirtualClock();
  const log: string[] = [];
  const deadline = new CallDeadline({
    arrivedMs: 0,
    totalMs: 60_000,
    onOver: (end) => log.push(`${end} at ${clock.monotonicMs()}`),
    clock,
    ...options,
  });
  return { clock, deadline, log };
}

describe('CallDeadline', () => {
  it('counts from the arrival, through queues and attempts', () => {
    const { clock, deadline, log } = open({ totalMs: 10_000 });
    clock.advance(4_000);
    expect(deadline.leftMs).toBe(6_000);
    deadline.beginAttempt(60_000);
    clock.advance(3_000);
    deadline.endAttempt();
    expect(deadline.leftMs).toBe(3_000);
    deadline.beginAttempt(60_000);
    clock.advance(30_000);
    expect(log).toEqual(['total at 10000']);
    expect(deadline.leftMs).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('counts the time before it was made', () => {
    const clock = new VirtualClock();
    clock.advance(5_000);
    const log: string[] = [];
    const options = { arrivedMs: 2_000, totalMs: 4_000, onOver: (end: string) => log.push(end), clock };
    expect(new CallDeadline(options).leftMs).toBe(1_000);
    expect(new CallDeadline({ ...options, totalMs: 1_000 }).leftMs).toBe(0);
    clock.advance(0);
    expect(log).toEqual(['total']);
  });

  // guard: deadline/cap
  it('is moved by progress from one idle time to the next, and never beyond the whole', () => {
    const { clock, deadline, log } = open({ totalMs: 10_000 });
    deadline.beginAttempt(1_000);
    for (let turn = 0; turn < 40; turn++) {
      clock.advance(700);
      deadline.progress();
    }
    expect(log).toEqual(['total at 10000']);
  });

  it('ends an attempt that says nothing', () => {
    const { clock, deadline, log } = open();
    clock.advance(30_000);
    deadline.beginAttempt(1_000);
    clock.advance(900);
    deadline.progress();
    clock.advance(5_000);
    expect(log).toEqual(['idle at 31900']);
    expect(clock.pendingTimers).toBe(0);
  });

  // guard: deadline/held
  it('lets no idle time pass while it is held, whatever is said meanwhile', () => {
    const { clock, deadline, log } = open();
    deadline.beginAttempt(1_000);
    deadline.hold();
    deadline.hold();
    clock.advance(5_000);
    deadline.progress();
    deadline.release();
    clock.advance(5_000);
    deadline.release();
    deadline.release();
    clock.advance(999);
    expect(log).toEqual([]);
    clock.advance(1);
    expect(log).toEqual(['idle at 11000']);
  });

  it('says when it is the time of the caller that is over', () => {
    const { clock, deadline, log } = open({ callerMs: 500 });
    expect(deadline.leftMs).toBe(500);
    clock.advance(1_000);
    expect(log).toEqual(['caller at 500']);
    const longer = open({ callerMs: 90_000 });
    longer.clock.advance(100_000);
    expect(longer.log).toEqual(['total at 60000']);
  });

  it('sets no timer for progress', () => {
    const clock = new VirtualClock();
    let timers = 0;
    const counting = {
      monotonicMs: () => clock.monotonicMs(),
      after: (ms: number, action: () => void) => (timers++, clock.after(ms, action)),
    };
    const deadline = new CallDeadline({ arrivedMs: 0, totalMs: 60_000, onOver: () => {}, clock: counting });
    deadline.beginAttempt(10_000);
    for (let turn = 0; turn < 1_000; turn++) {
      deadline.progress();
      clock.advance(5);
    }
    expect(timers).toBe(2);
  });

  it('says nothing after it was stopped', () => {
    const { clock, deadline, log } = open();
    deadline.beginAttempt(1_000);
    deadline.stop();
    deadline.progress();
    deadline.release();
    expect(clock.pendingTimers).toBe(0);
    clock.advance(100_000);
    expect(log).toEqual([]);
  });

  it('ends when a diary of the call says so, whatever happens', () => {
    const step = fc.record({
      afterMs: fc.nat({ max: 1_500 }),
      act: fc.constantFrom('begin', 'end', 'progress', 'hold', 'release'),
      idleMs: fc.integer({ min: 1, max: 3_000 }),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40, size: 'max' }),
        fc.integer({ min: 1, max: 15_000 }),
        fc.option(fc.integer({ min: 1, max: 15_000 })),
        (steps, totalMs, callerMs) => {
          const { clock, deadline, log } = open({ totalMs, ...(callerMs !== null && { callerMs }) });
          const diary = new Diary(Math.min(totalMs, callerMs ?? totalMs), (callerMs ?? totalMs) < totalMs);
          for (const { afterMs, act, idleMs } of steps) {
            clock.advance(afterMs);
            diary.pass(afterMs);
            if (act === 'begin') deadline.beginAttempt(idleMs);
            else if (act === 'end') deadline.endAttempt();
            else if (act === 'progress') deadline.progress();
            else if (act === 'hold') deadline.hold();
            else deadline.release();
            diary.write(act, idleMs);
          }
          clock.advance(20_000);
          diary.pass(20_000);
          expect(log).toEqual([diary.end]);
        },
      ),
      { seed: 1_110, numRuns: 300 },
    );
  });
});

/** The same call lived millisecond by millisecond. */
class Diary {
  readonly capMs: number;
  readonly isCallers: boolean;
  nowMs = 0;
  silentMs = 0;
  idleMs: number | undefined;
  holds = 0;
  end: string | undefined;

  constructor(capMs: number, isCallers: boolean) {
    this.capMs = capMs;
    this.isCallers = isCallers;
  }

  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed++) {
      this.nowMs++;
      if (this.holds === 0) this.silentMs++;
      if (this.end !== undefined) continue;
      if (this.nowMs === this.capMs) this.end = `${this.isCallers ? 'caller' : 'total'} at ${this.nowMs}`;
      else if (this.holds === 0 && this.idleMs !== undefined && this.silentMs === this.idleMs)
        this.end = `idle at ${this.nowMs}`;
    }
  }

  write(act: string, idleMs: number): void {
    if (act === 'begin') [this.idleMs, this.holds, this.silentMs] = [idleMs, 0, 0];
    if (act === 'end') this.idleMs = undefined;
    if (act === 'progress' && this.holds === 0) this.silentMs = 0;
    if (act === 'hold') this.holds++;
    if (act === 'release' && this.holds > 0) {
      this.holds--;
      if (this.holds === 0) this.silentMs = 0;
    }
  }
}
