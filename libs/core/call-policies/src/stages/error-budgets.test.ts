import { describe, expect, it } from '@jest/globals';
import { GatewayError, type RoutingSettings } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { SlidingShare } from '../error-budget/sliding-share.ts';
import { ErrorBudgets } from './error-budgets.ts';
import { callOf, SentCall, specWith } from './stage-scene.fixture.ts';

const BUDGET: RoutingSettings['errorBudget'] = {
  share: 0.001,
  windowMs: 60_000,
  minCalls: 100,
  concurrency: 0.5,
  hides: false,
};

class Scene {
  readonly clock = new VirtualClock();
  readonly log: string[] = [];
  readonly budgets = new ErrorBudgets({
    clock: this.clock,
    onChange: ({ name }, isSpent, { calls, failures }) =>
      this.log.push(`${name} ${isSpent ? 'spent' : 'restored'} ${failures}/${calls}`),
    onHidden: (_spec, { name }, isHidden) => this.log.push(`${name} ${isHidden ? 'hidden' : 'shown'}`),
  });
  readonly spec;

  constructor(budget: Partial<RoutingSettings['errorBudget']> = {}) {
    this.spec = specWith({ errorBudget: { ...BUDGET, ...budget } });
  }

  call(name = 'add'): SentCall {
    return new SentCall([this.budgets.stage], this.spec, callOf(name));
  }

  calls(count: number, status = 200, name = 'add'): void {
    for (let n = 0; n < count; n++) this.call(name).answer(status);
  }
}

describe('an error budget', () => {
  it('of 0.1 % is spent by the second failure of 1,999 calls [S003-RT-11]', () => {
    const scene = new Scene();
    scene.calls(1_000);
    scene.calls(1, 500);
    scene.calls(997);
    expect(scene.log).toEqual([]);
    scene.calls(1, 500);
    expect(scene.log).toEqual(['up spent 2/1999']);
    expect(scene.budgets.isSpent(scene.spec)).toBe(true);
  });

  // guard: budget/few-calls
  it('says nothing of few calls', () => {
    const scene = new Scene({ share: 0.5 });
    scene.calls(99, 500);
    expect(scene.log).toEqual([]);
    scene.calls(1, 500);
    expect(scene.log).toEqual(['up spent 100/100']);
  });

  // guard: budget/flapping
  it('is there again when half of it is, or when nobody has called for its window [S003-RT-11]', () => {
    const scene = new Scene({ share: 0.1, minCalls: 10 });
    scene.calls(9);
    scene.calls(2, 500);
    scene.calls(20);
    scene.clock.advance(6_000);
    expect(scene.log).toEqual(['up spent 2/11']);
    scene.calls(9);
    scene.clock.advance(6_000);
    expect(scene.log).toEqual(['up spent 2/11', 'up restored 2/40']);
    scene.calls(20, 500);
    scene.clock.advance(60_000);
    expect(scene.log.at(-1)).toBe('up restored 0/0');
    expect(scene.clock.pendingTimers).toBe(0);
  });

  // guard: budget/whose
  it('is not spent by what callers and Omni do [X004-16]', () => {
    const scene = new Scene({ share: 0.1, minCalls: 1 });
    for (let n = 0; n < 50; n++) {
      scene.call().cancel();
      scene.call().handler?.onFailure(new GatewayError('OMNI_OVERLOADED', 'x'), 'not-sent');
      scene.call().answer(429);
    }
    expect(scene.budgets.stateOf(scene.spec)).toBeUndefined();
    scene.call().handler?.onFailure(new GatewayError('OMNI_UPSTREAM_TIMEOUT', 'x'), 'sent');
    expect(scene.log).toEqual(['up spent 1/1']);
  });

  it('hides a tool that has spent it itself, and shows it again [S003-RT-12]', () => {
    const scene = new Scene({ share: 0.5, minCalls: 4, hides: true });
    scene.calls(50, 200, 'mul');
    scene.calls(4, 500, 'add');
    expect(scene.log).toEqual(['add hidden']);
    scene.clock.advance(60_000);
    expect(scene.log).toEqual(['add hidden', 'add shown']);
  });

  // guard: budget/bounded
  it('is kept for so many names, and one that makes room is shown again', () => {
    const scene = new Scene({ share: 0.9, minCalls: 2, hides: true });
    scene.calls(2, 500, 'first');
    expect(scene.log).toContain('first hidden');
    for (let n = 0; n < 1_000; n++) scene.calls(1, 500, `made up ${n}`);
    expect(scene.log).toContain('first shown');
  });

  // guard: budget/gone
  it('ends with its server: what that still runs spends nothing', () => {
    const scene = new Scene({ share: 0.5, minCalls: 2, hides: true });
    scene.calls(2, 500);
    const running = [scene.call(), scene.call()];
    scene.budgets.forget('up');
    expect(scene.log).toEqual(['up spent 2/2', 'add hidden', 'up restored 2/2', 'add shown']);
    for (const call of running) call.answer(500);
    scene.calls(2, 500);
    expect(scene.log).toHaveLength(4);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('costs nothing where there is none', () => {
    const next = (): never => {
      throw new Error('not sent here');
    };
    const spec = specWith({});
    const at = { upstream: 'up', era: 'modern', transport: 'http', instance: { key: 'a' }, spec } as const;
    expect(new ErrorBudgets({ clock: new VirtualClock() }).stage(next, at)).toBe(next);
  });
});

describe('SlidingShare', () => {
  it('counts what a list of all calls has, to a tenth of the window', () => {
    const step = fc.record({ afterMs: fc.nat({ max: 900 }), isFailure: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const clock = new VirtualClock();
        const share = new SlidingShare(1_000, clock);
        const calls: { readonly atMs: number; readonly isFailure: boolean }[] = [];
        for (const { afterMs, isFailure } of steps) {
          clock.advance(afterMs);
          share.add(isFailure);
          calls.push({ atMs: clock.monotonicMs(), isFailure });
          const from = (Math.floor(clock.monotonicMs() / 100) - 9) * 100;
          const kept = calls.filter(({ atMs }) => atMs >= from);
          expect(share.calls).toBe(kept.length);
          expect(share.failures).toBe(kept.filter((call) => call.isFailure).length);
        }
      }),
      { seed: 1_117, numRuns: 100 },
    );
  });
});
