import { describe, expect, it } from '@jest/globals';
import { FairPlaces, FairQueue, GatewayError, type Principal } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { RateQueue } from './rate-queue.ts';
import { TokenBuckets } from './token-buckets.ts';

const ADA: Principal = { id: 'ada', kind: 'token' };
const BOB: Principal = { id: 'bob', kind: 'token' };

function open({ rps, burst }: { rps: number; burst: number }) {
  const clock = new VirtualClock();
  const buckets = new TokenBuckets({ rps, burst, clock });
  const room = new FairPlaces({ capacity: 1_000, what: 'calls', clock });
  const queue = new FairQueue({ room, maxWaitMs: 60_000, what: 'calls', clock });
  const rates = new RateQueue({ buckets, key: 'up', queue, clock });
  const log: string[] = [];
  const enter = (principal: Principal, name: string, waitMs?: number) => {
    const waiter = {
      onTurn: () => log.push(`${name} at ${clock.monotonicMs()}`),
      onRefused: ({ code }: GatewayError) => log.push(`${name} ${code}`),
    };
    return rates.takeNow() ? undefined : rates.join(principal, waiter, waitMs);
  };
  return { clock, queue, enter, log };
}

describe('RateQueue', () => {
  it('lets calls go at once while there are tokens, and then as tokens come', () => {
    const { clock, enter, log } = open({ rps: 2, burst: 2 });
    expect(enter(ADA, '1')).toBeUndefined();
    expect(enter(ADA, '2')).toBeUndefined();
    for (const name of ['3', '4', '5']) expect(enter(ADA, name)).toHaveProperty('position');
    // One for each that waits, and one for the token.
    expect(clock.pendingTimers).toBe(4);
    clock.advance(10_000);
    expect(log).toEqual(['3 at 500', '4 at 1000', '5 at 1500']);
    expect(clock.pendingTimers).toBe(0);
  });

  // guard: rate/no-overtaking
  it('lets nobody overtake those who wait', () => {
    const { clock, enter, log } = open({ rps: 1, burst: 1 });
    enter(ADA, '1');
    // The token of this moment is for those that wait, whose timer fires after this one.
    clock.after(1_000, () => enter(BOB, 'late'));
    enter(ADA, '2');
    enter(ADA, '3');
    clock.advance(999);
    expect(enter(BOB, 'early')).toHaveProperty('position', 2);
    clock.advance(5_000);
    expect(log).toEqual(['2 at 1000', 'early at 2000', '3 at 3000', 'late at 4000']);
  });

  it('gives users turns, however many calls one of them has', () => {
    const { clock, enter, log } = open({ rps: 10, burst: 1 });
    enter(ADA, 'first');
    for (let call = 0; call < 500; call++) enter(ADA, 'ada');
    for (let call = 0; call < 3; call++) enter(BOB, 'bob');
    clock.advance(700);
    expect(log.map((line) => line.slice(0, 3))).toEqual(['ada', 'bob', 'ada', 'bob', 'ada', 'bob', 'ada']);
  });

  it('spends no token on a call that has withdrawn or waited too long', () => {
    const { clock, enter, log, queue } = open({ rps: 1, burst: 1 });
    enter(ADA, '1');
    const ticket = enter(ADA, '2');
    enter(ADA, '3', 500);
    enter(BOB, '4');
    if (ticket === undefined || ticket instanceof GatewayError) throw new TypeError('no ticket');
    ticket.withdraw();
    clock.advance(1_000);
    expect(log).toEqual(['3 OMNI_QUEUE_FULL', '4 at 1000']);
    expect(queue.size).toBe(0);
  });

  it('lets calls go at the millisecond at which a bucket that is filled drop by drop would, whatever comes when', () => {
    const pauses = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 900 })), { maxLength: 40, size: 'max' });
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 4, 5, 10, 20),
        fc.integer({ min: 1, max: 6 }),
        pauses,
        (rps, burst, waits) => {
          const { clock, enter, log } = open({ rps, burst });
          const expected: string[] = [];
          const waiting: string[] = [];
          let drops = burst * 1_000;
          const letGo = (nowMs: number): void => {
            for (; drops >= 1_000 && waiting.length > 0; drops -= 1_000)
              expected.push(`${waiting.shift()} at ${nowMs}`);
          };
          const pass = (ms: number): void => {
            for (let passed = 1; passed <= ms; passed++) {
              drops = Math.min(burst * 1_000, drops + rps);
              letGo(clock.monotonicMs() + passed);
            }
            clock.advance(ms);
          };
          for (const [index, ms] of waits.entries()) {
            pass(ms);
            const name = `call ${index}`;
            if (enter(ADA, name) === undefined) log.push(`${name} at ${clock.monotonicMs()}`);
            waiting.push(name);
            letGo(clock.monotonicMs());
          }
          pass(45_000);
          expect(log).toEqual(expected);
        },
      ),
      { seed: 1_115, numRuns: 60 },
    );
  });
});
