import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { type BreakerPermit, CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker.ts';
import type { TripRule } from './trip-rule.ts';
import type { Culprit } from './whose-failure.ts';

function open(options: Partial<CircuitBreakerOptions> = {}) {
  const clock = new VirtualClock();
  const changes: string[] = [];
  const breaker = new CircuitBreaker({
    clock,
    random: () => 0,
    onChange: (state) => changes.push(`${state} at ${clock.monotonicMs() / 1_000}`),
    ...options,
  });
  return { clock, breaker, changes };
}

function admitted(breaker: CircuitBreaker): BreakerPermit {
  const permit = breaker.admit();
  if (permit === undefined) throw new TypeError('not let through');
  return permit;
}

function call(breaker: CircuitBreaker, culprit: Culprit, times = 1): void {
  for (let time = 0; time < times; time++) admitted(breaker).settle(culprit);
}

describe('CircuitBreaker', () => {
  // guard: breaker/open
  it('opens after five failures in a row, and lets nothing through for 30 seconds', () => {
    const { clock, breaker, changes } = open();
    call(breaker, 'upstream', 4);
    call(breaker, 'nobody');
    call(breaker, 'upstream', 4);
    expect(breaker.state).toBe('closed');
    call(breaker, 'upstream');
    expect(breaker.state).toBe('open');
    expect(breaker.retryAfterMs).toBe(30_000);
    clock.advance(29_999);
    expect(breaker.admit()).toBeUndefined();
    clock.advance(1);
    expect(breaker.state).toBe('half-open');
    expect(breaker.admit()).toBeDefined();
    expect(changes).toEqual(['open at 0', 'half-open at 30']);
  });

  // guard: breaker/one-trial
  it('lets one of 20 calls through when it is half-open', () => {
    const { clock, breaker } = open();
    call(breaker, 'upstream', 5);
    clock.advance(30_000);
    const permits = Array.from({ length: 20 }, () => breaker.admit()).filter(
      (permit) => permit !== undefined,
    );
    expect(permits).toHaveLength(1);
    permits[0]?.settle('nobody');
    expect(breaker.state).toBe('closed');
    expect(breaker.admit()).toBeDefined();
  });

  // guard: breaker/undecided
  it('lets the next one try when a trial has decided nothing', () => {
    const { clock, breaker, changes } = open();
    call(breaker, 'upstream', 5);
    clock.advance(30_000);
    call(breaker, 'caller', 3);
    call(breaker, 'omni', 3);
    expect(breaker.state).toBe('half-open');
    expect(changes).toEqual(['open at 0', 'half-open at 30']);
    call(breaker, 'nobody');
    expect(breaker.state).toBe('closed');
  });

  it('waits twice as long after each failed trial, up to ten minutes, and from the beginning once it was closed', () => {
    const { clock, breaker } = open();
    const waits: number[] = [];
    const failTrial = (): void => {
      waits.push(breaker.retryAfterMs / 1_000);
      clock.advance(breaker.retryAfterMs);
      call(breaker, 'upstream');
    };
    call(breaker, 'upstream', 5);
    for (let trial = 0; trial < 7; trial++) failTrial();
    expect(waits).toEqual([30, 60, 120, 240, 480, 600, 600]);
    clock.advance(600_000);
    call(breaker, 'nobody');
    call(breaker, 'upstream', 5);
    expect(breaker.retryAfterMs).toBe(30_000);
  });

  it('adds up to a tenth to a wait by chance', () => {
    for (const [random, waitMs] of [
      [0, 30_000],
      [0.5, 31_500],
      [0.999, 32_997],
    ] as const) {
      const { breaker } = open({ random: () => random });
      call(breaker, 'upstream', 5);
      expect(breaker.retryAfterMs).toBeCloseTo(waitMs, 6);
    }
  });

  // guard: breaker/not-upstream
  it('never opens for what callers and Omni do', () => {
    const { breaker } = open();
    call(breaker, 'caller', 100);
    call(breaker, 'omni', 100);
    expect(breaker.state).toBe('closed');
    call(breaker, 'upstream', 4);
    call(breaker, 'caller');
    call(breaker, 'upstream');
    expect(breaker.state).toBe('open');
  });

  // guard: breaker/late
  it('does not count calls of before, nor a call twice', () => {
    const { clock, breaker } = open();
    const late = [admitted(breaker), admitted(breaker)] as const;
    call(breaker, 'upstream', 5);
    clock.advance(30_000);
    const trial = admitted(breaker);
    late[0].settle('nobody');
    late[1].settle('upstream');
    expect(breaker.state).toBe('half-open');
    expect(breaker.admit()).toBeUndefined();
    trial.settle('caller');
    trial.settle('nobody');
    expect(breaker.state).toBe('half-open');
    const twice = open();
    const early = admitted(twice.breaker);
    call(twice.breaker, 'upstream', 5);
    twice.clock.advance(20_000);
    early.settle('upstream');
    expect(twice.breaker.retryAfterMs).toBe(10_000);
  });

  it('closes after several trials where it is told to', () => {
    const { clock, breaker } = open({ successesToClose: 3 });
    call(breaker, 'upstream', 5);
    clock.advance(30_000);
    call(breaker, 'nobody', 2);
    expect(breaker.state).toBe('half-open');
    call(breaker, 'nobody');
    expect(breaker.state).toBe('closed');
  });

  it('opens by the share of the latest calls, and begins to count anew when it closes', () => {
    const { clock, breaker } = open({ tripRule: { kind: 'share', share: 0.5, calls: 20, minCalls: 10 } });
    for (let pair = 0; pair < 50; pair++) {
      call(breaker, 'nobody');
      call(breaker, 'upstream');
    }
    expect(breaker.state).toBe('closed');
    call(breaker, 'upstream');
    expect(breaker.state).toBe('open');
    clock.advance(30_000);
    call(breaker, 'nobody');
    call(breaker, 'upstream', 8);
    expect(breaker.state).toBe('closed');
    call(breaker, 'upstream');
    expect(breaker.state).toBe('open');
  });

  it('does not open for one failure in a hundred', () => {
    const { breaker } = open();
    for (let round = 0; round < 1_000; round++) {
      call(breaker, 'nobody', 99);
      call(breaker, 'upstream');
    }
    expect(breaker.state).toBe('closed');
  });

  it('sends a single call to an upstream that flaps, each time it may be back', () => {
    const { clock, breaker } = open();
    let asked = 0;
    let failed = 0;
    for (let second = 0; second < 3_600; second++) {
      const isUp = Math.floor(second / 10) % 2 === 0;
      for (let call = 0; call < 10; call++) {
        const permit = breaker.admit();
        if (permit === undefined) continue;
        asked++;
        if (!isUp) failed++;
        permit.settle(isUp ? 'nobody' : 'upstream');
      }
      clock.advance(1_000);
    }
    expect(asked).toBeGreaterThan(1_000);
    // Five to open it, and one for each wait of 30 s or more that ends while it is down.
    expect(failed).toBeLessThanOrEqual((5 * 3_600) / 40 + 3_600 / 30);
  });

  const culprit = fc.constantFrom<Culprit>('upstream', 'nobody', 'caller', 'omni');
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('admit' as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('settle' as const), at: fc.nat({ max: 9 }), culprit }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 40_000 }) }) },
  );
  const rules: TripRule[] = [
    { kind: 'consecutive', failures: 2 },
    { kind: 'share', share: 0.5, calls: 4, minCalls: 3 },
  ];

  for (const tripRule of rules) {
    it(`does what its history says, whatever happens (${tripRule.kind})`, () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
          const { clock, breaker } = open({ tripRule });
          const model = new ByHistory(tripRule);
          const permits: { permit: BreakerPermit; isLet: number }[] = [];
          for (const at of steps) {
            if (at.kind === 'wait') clock.advance(at.ms);
            const nowMs = clock.monotonicMs();
            if (at.kind === 'admit') {
              const permit = breaker.admit();
              const isLet = model.admit(nowMs);
              expect(permit !== undefined).toBe(isLet !== undefined);
              if (permit !== undefined && isLet !== undefined) permits.push({ permit, isLet });
            } else if (at.kind === 'settle') {
              const [settled] = permits.splice(at.at, 1);
              settled?.permit.settle(at.culprit);
              if (settled !== undefined) model.settle(settled.isLet, at.culprit, nowMs);
            }
            expect(breaker.state).toBe(model.stateAt(nowMs));
          }
        }),
        { seed: 1_105, numRuns: 300 },
      );
    });
  }
});

/** Remembers all ends since the last change, and the number of the change in which a call was let through. */
class ByHistory {
  readonly rule: TripRule;
  ends: boolean[] = [];
  change = 0;
  openedAtMs: number | undefined;
  failedTrials = 0;
  isTrying = false;

  constructor(rule: TripRule) {
    this.rule = rule;
  }

  get waitMs(): number {
    return Math.min(600_000, 30_000 * 2 ** this.failedTrials);
  }

  stateAt(nowMs: number): string {
    if (this.openedAtMs === undefined) return 'closed';
    return nowMs - this.openedAtMs < this.waitMs ? 'open' : 'half-open';
  }

  admit(nowMs: number): number | undefined {
    const state = this.stateAt(nowMs);
    if (state === 'open' || (state === 'half-open' && this.isTrying)) return undefined;
    this.isTrying = state === 'half-open';
    return this.change;
  }

  settle(change: number, culprit: Culprit, nowMs: number): void {
    if (change !== this.change) return;
    const isTrial = this.openedAtMs !== undefined;
    this.isTrying = false;
    if (culprit === 'caller' || culprit === 'omni') return;
    if (isTrial && culprit === 'nobody') this.#close();
    else if (isTrial) this.#open(nowMs, this.failedTrials + 1);
    else {
      this.ends.push(culprit === 'nobody');
      if (culprit === 'upstream' && this.#isBad()) this.#open(nowMs, 0);
    }
  }

  #isBad(): boolean {
    if (this.rule.kind === 'consecutive')
      return !this.ends.slice(-this.rule.failures).includes(true) && this.ends.length >= this.rule.failures;
    const last = this.ends.slice(-this.rule.calls);
    return (
      last.length >= this.rule.minCalls &&
      last.filter((isWell) => !isWell).length > this.rule.share * last.length
    );
  }

  #open(nowMs: number, failedTrials: number): void {
    this.change++;
    this.openedAtMs = nowMs;
    this.failedTrials = failedTrials;
  }

  #close(): void {
    this.change++;
    this.openedAtMs = undefined;
    // The trial counts as the first of the share.
    this.ends = [true];
  }
}
