import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import type { Culprit } from '../breaker/whose-failure.ts';
import { type BalancedCall, Balancer, type BalancerOptions, type ReplicaFacts } from './balancer.ts';

const THREE = replicas(3);

function replicas(count: number): ReplicaFacts[] {
  return Array.from({ length: count }, (_, index) => ({ key: `r${index}` }));
}

function open(options: Partial<BalancerOptions> = {}) {
  const clock = new VirtualClock();
  let state = 5;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return { clock, balancer: new Balancer({ clock, random, ...options }) };
}

function begun(balancer: Balancer, available: readonly ReplicaFacts[], stickyKey?: string): BalancedCall {
  const call = balancer.begin(available, stickyKey === undefined ? {} : { stickyKey });
  if (call === undefined) throw new TypeError('none is available');
  return call;
}

/** Calls a replica by itself, so often. */
function callOne(balancer: Balancer, key: string, culprit: Culprit, times: number, group = THREE): void {
  const calls: BalancedCall[] = [];
  for (let tries = 0; calls.length < times && tries < 10_000; tries++) {
    const call = begun(balancer, group);
    if (call.key === key) calls.push(call);
    else call.end('omni');
  }
  for (const call of calls) call.end(culprit);
}

/** How often each is chosen. */
function spread(
  balancer: Balancer,
  available: readonly ReplicaFacts[],
  times: number,
): Record<string, number> {
  const chosen: Record<string, number> = {};
  for (let time = 0; time < times; time++) {
    const call = begun(balancer, available);
    chosen[call.key] = (chosen[call.key] ?? 0) + 1;
    call.end('nobody');
  }
  return chosen;
}

describe('Balancer, leaving out what fails', () => {
  // guard: balance/ejected
  it('leaves a replica out after five failures in a row, for 30 s', () => {
    const { clock, balancer } = open();
    callOne(balancer, 'r1', 'upstream', 4);
    callOne(balancer, 'r1', 'nobody', 1);
    callOne(balancer, 'r1', 'upstream', 4);
    expect(balancer.isEjected('r1')).toBe(false);
    callOne(balancer, 'r1', 'upstream', 1);
    expect(balancer.isEjected('r1')).toBe(true);
    expect(Object.keys(spread(balancer, THREE, 100)).sort()).toEqual(['r0', 'r2']);
    clock.advance(30_000);
    expect(balancer.isEjected('r1')).toBe(false);
    expect(spread(balancer, THREE, 100)).toHaveProperty('r1');
  });

  it('leaves it out for twice as long each further time, until it has been well', () => {
    const { clock, balancer } = open();
    const waits: number[] = [];
    const failAgain = (): void => {
      callOne(balancer, 'r1', 'upstream', 5);
      let waitedMs = 0;
      for (; balancer.isEjected('r1'); waitedMs += 1_000) clock.advance(1_000);
      waits.push(waitedMs);
    };
    for (let time = 0; time < 6; time++) failAgain();
    callOne(balancer, 'r1', 'nobody', 1);
    failAgain();
    expect(waits).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000, 30_000]);
  });

  // guard: balance/half
  it('leaves out half of a group at most', () => {
    for (const [size, most] of [
      [1, 0],
      [2, 1],
      [3, 1],
      [4, 2],
      [7, 3],
    ] as const) {
      const { balancer } = open();
      const group = replicas(size);
      for (const { key } of group) callOne(balancer, key, 'upstream', 20, group);
      expect([size, group.filter(({ key }) => balancer.isEjected(key)).length]).toEqual([size, most]);
    }
  });

  it('sends calls all the same when only replicas are available that are left out, and says so', () => {
    const { balancer } = open();
    callOne(balancer, 'r1', 'upstream', 5);
    expect(begun(balancer, THREE)).toMatchObject({ isEjected: false });
    expect(begun(balancer, [{ key: 'r1' }])).toMatchObject({ key: 'r1', isEjected: true });
    expect(balancer.begin([])).toBeUndefined();
  });

  it('leaves a replica out for a failure of its own, not for the end of another call', () => {
    const { clock, balancer } = open();
    callOne(balancer, 'r1', 'upstream', 5);
    clock.advance(1_000);
    callOne(balancer, 'r0', 'upstream', 7);
    clock.advance(29_000);
    callOne(balancer, 'r0', 'caller', 1);
    expect(balancer.isEjected('r0')).toBe(false);
    callOne(balancer, 'r0', 'upstream', 1);
    expect(balancer.isEjected('r0')).toBe(true);
  });

  it('does not leave a replica out for longer when calls of before fail too', () => {
    const { clock, balancer } = open();
    const calls = Array.from({ length: 60 }, () => begun(balancer, THREE)).filter(({ key }) => key === 'r1');
    for (const call of calls.slice(0, 5)) call.end('upstream');
    clock.advance(20_000);
    for (const call of calls.slice(5)) call.end('upstream');
    clock.advance(10_000);
    expect(balancer.isEjected('r1')).toBe(false);
    callOne(balancer, 'r1', 'upstream', 1);
    expect(balancer.isEjected('r1')).toBe(false);
  });

  it('does not count what is no failure of the replica, nor an end twice', () => {
    const { balancer } = open();
    callOne(balancer, 'r1', 'caller', 20);
    callOne(balancer, 'r1', 'omni', 20);
    callOne(balancer, 'r1', 'upstream', 4);
    const call = begun(balancer, [{ key: 'r1' }]);
    call.end('nobody');
    call.end('upstream');
    callOne(balancer, 'r1', 'upstream', 4);
    expect(balancer.isEjected('r1')).toBe(false);
  });

  // guard: balance/slow-start
  it('gives a replica that is back a tenth of its part, and all of it after 30 s', () => {
    const { clock, balancer } = open();
    spread(balancer, THREE, 30);
    clock.advance(100_000);
    // It could not be asked for a while.
    spread(balancer, [{ key: 'r0' }, { key: 'r2' }], 1);
    const parts: number[] = [];
    for (let second = 0; second <= 30; second += 10) {
      parts.push((spread(balancer, THREE, 900)['r1'] ?? 0) / 300);
      clock.advance(10_000);
    }
    // Of three, where two have their whole part: s / (2 + s) × 3.
    for (const [index, share] of [0.1, 1 / 3, 2 / 3, 1].entries())
      expect(parts[index]).toBeCloseTo((share * 3) / (2 + share), 1);
  });

  it('leaves out and takes back what a table of each replica says, whatever happens', () => {
    const step = fc.record({
      afterMs: fc.oneof(fc.constant(0), fc.nat({ max: 20_000 })),
      at: fc.nat({ max: 3 }),
      culprit: fc.constantFrom<Culprit>('upstream', 'upstream', 'nobody', 'caller'),
      times: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
        const { clock, balancer } = open();
        const group = replicas(4);
        const table = group.map(() => ({ failed: '', outUntilMs: 0, outs: 0 }));
        for (const { afterMs, at, culprit, times } of steps) {
          clock.advance(afterMs);
          const nowMs = clock.monotonicMs();
          const isOut = (row: { outUntilMs: number } | undefined): boolean => (row?.outUntilMs ?? 0) > nowMs;
          for (let time = 0; time < times; time++) {
            // Only this one is available for the choice; the group is what the others make it.
            const row = table[at];
            if (row === undefined || isOut(row)) break;
            if (row.outUntilMs > 0) [row.failed, row.outUntilMs] = ['', 0];
            callOne(balancer, `r${at}`, culprit, 1, group);
            if (culprit === 'caller') continue;
            row.failed = culprit === 'upstream' ? `${row.failed}x` : '';
            if (culprit === 'nobody') row.outs = 0;
            if (row.failed.length < 5 || table.filter(isOut).length >= 2) continue;
            row.outUntilMs =
              nowMs +
              Math.min(
                300_000,
                [30, 60, 120, 240][row.outs] === undefined ? 300_000 : 30_000 * 2 ** row.outs,
              );
            row.outs++;
          }
          for (const [index, row] of table.entries())
            expect(balancer.isEjected(`r${index}`)).toBe(isOut(row));
        }
      }),
      { seed: 1_113, numRuns: 100 },
    );
  });
});

describe('Balancer, choosing', () => {
  it('gives each replica its turn, and those with more weight more turns, spread evenly', () => {
    const { balancer } = open();
    expect(spread(balancer, THREE, 300)).toEqual({ r0: 100, r1: 100, r2: 100 });
    const weighted = open().balancer;
    const group = [
      { key: 'a', weight: 5 },
      { key: 'b', weight: 1 },
      { key: 'c', weight: 1 },
    ];
    const order = Array.from({ length: 14 }, () => begun(weighted, group).key).join('');
    expect(order).toBe('aabacaaaabacaa');
  });

  it('prefers the replica that answers soonest, and looks after a while whether another one does', () => {
    const { clock, balancer } = open({ strategy: 'least-latency' });
    const chosen: Record<string, number> = {};
    let slow = 'r0';
    const run = (calls: number): void => {
      for (let call = 0; call < calls; call++) {
        const { key, end } = begun(balancer, THREE);
        chosen[key] = (chosen[key] ?? 0) + 1;
        clock.advance(key === slow ? 500 : 50);
        end('nobody');
      }
    };
    run(300);
    expect(chosen['r0']).toBeLessThan(30);
    slow = 'r1';
    run(1_000);
    chosen['r0'] = 0;
    run(300);
    expect(chosen['r0']).toBeGreaterThan(50);
  });

  it('does not send all calls to a replica of which it knows nothing', () => {
    const { clock, balancer } = open({ strategy: 'least-latency' });
    const two = replicas(2);
    for (let call = 0; call < 20; call++) {
      const { end } = begun(balancer, two);
      clock.advance(100);
      end('nobody');
    }
    const keys = Array.from({ length: 90 }, () => begun(balancer, THREE).key);
    expect(keys[0]).toBe('r2');
    expect(keys.filter((key) => key === 'r2').length).toBeLessThan(60);
  });

  it('prefers the replica that fails least, and never takes a fast failure for a fast answer', () => {
    for (const strategy of ['least-errors', 'least-latency'] as const) {
      const { clock, balancer } = open({ strategy, failuresToEject: 1_000 });
      let chosen = 0;
      for (let call = 0; call < 300; call++) {
        const { key, end } = begun(balancer, THREE);
        if (key === 'r1') chosen++;
        clock.advance(key === 'r1' ? 1 : 50);
        end(key === 'r1' ? 'upstream' : 'nobody');
      }
      expect(chosen).toBeGreaterThan(0);
      expect(chosen).toBeLessThan(60);
    }
  });

  it('gives more to those with more weight, by every strategy [X003-09]', () => {
    const group = [{ key: 'a', weight: 4 }, { key: 'b' }];
    for (const strategy of ['least-latency', 'least-errors', 'power-of-two'] as const) {
      const { balancer } = open({ strategy });
      const keys = Array.from({ length: 500 }, () => begun(balancer, group).key);
      const share = keys.filter((key) => key === 'a').length / 500;
      expect([strategy, Math.abs(share - 0.8) < 0.02]).toEqual([strategy, true]);
    }
  });

  it('takes every pair by chance', () => {
    const { balancer } = open({ strategy: 'power-of-two' });
    const group = replicas(5);
    const chosen = spread(balancer, group, 5_000);
    for (const { key } of group) expect(Math.abs((chosen[key] ?? 0) - 1_000)).toBeLessThan(150);
    const busy = open({ strategy: 'power-of-two' }).balancer;
    for (let call = 0; call < 50; call++) begun(busy, [{ key: 'r0' }]);
    // Only where the same one was taken twice would the busy one be chosen.
    expect(spread(busy, group, 1_000)).not.toHaveProperty('r0');
  });

  it('spreads calls among replicas of which none is better', () => {
    for (const strategy of ['least-errors', 'least-latency'] as const)
      for (const count of Object.values(spread(open({ strategy }).balancer, THREE, 300)))
        expect(Math.abs(count - 100)).toBeLessThan(30);
  });

  it('takes of two by chance the one with less to do', () => {
    const { balancer } = open({ strategy: 'power-of-two' });
    const group = replicas(10);
    const inFlight = new Map<string, number>();
    for (let call = 0; call < 10_000; call++) {
      const { key } = begun(balancer, group);
      inFlight.set(key, (inFlight.get(key) ?? 0) + 1);
    }
    const counts = [...inFlight.values()];
    // By one choice of chance, the fullest would have about 60 more than the average (Mitzenmacher, 2001).
    expect(Math.max(...counts) - 1_000).toBeLessThanOrEqual(5);
    expect(begun(open({ strategy: 'power-of-two' }).balancer, replicas(1)).key).toBe('r0');
  });

  it('sends the same key to the same replica, and moves only the keys of one that goes', () => {
    const { balancer } = open({ strategy: 'sticky' });
    const group = replicas(10);
    const keys = Array.from({ length: 5_000 }, (_, index) => `session ${index}`);
    const choose = (of: readonly ReplicaFacts[]): string[] => keys.map((key) => begun(balancer, of, key).key);
    const before = choose(group);
    expect(choose(group)).toEqual(before);
    expect(choose(group.toReversed())).toEqual(before);
    const after = choose(group.filter(({ key }) => key !== 'r4'));
    expect(before.filter((key, index) => key !== 'r4' && key !== after[index])).toEqual([]);
    const counts = Object.values(Object.groupBy(before, (key) => key)).map((chosen) => chosen?.length ?? 0);
    expect(counts).toHaveLength(10);
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(100);
  });

  it('gives sticky keys to replicas by weight', () => {
    const { balancer } = open({ strategy: 'sticky' });
    const group = [
      { key: 'a', weight: 3 },
      { key: 'b', weight: 1 },
    ];
    const ofA = Array.from({ length: 4_000 }, (_, index) => begun(balancer, group, `${index}`).key).filter(
      (key) => key === 'a',
    );
    expect(Math.abs(ofA.length - 3_000)).toBeLessThan(150);
  });

  it('keeps the turns of any weights as close to their parts as turns can be', () => {
    const weighted = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weighted, fc.nat({ max: 200 }), (weights, calls) => {
        const { balancer } = open();
        const group = weights.map((weight, index) => ({ key: `r${index}`, weight }));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const chosen = weights.map(() => 0);
        let farthest = 0;
        for (let call = 1; call <= calls; call++) {
          const index = Number(begun(balancer, group).key.slice(1));
          chosen[index] = (chosen[index] ?? 0) + 1;
          const distances = weights.map((weight, at) =>
            Math.abs((chosen[at] ?? 0) - (call * weight) / total),
          );
          farthest = Math.max(farthest, ...distances);
          if (call % total === 0) expect(chosen).toEqual(weights.map((weight) => (call * weight) / total));
        }
        expect(farthest).toBeLessThan(weights.length);
      }),
      { seed: 1_114, numRuns: 100 },
    );
  });
});

describe('Balancer, for what it goes by', () => {
  it('goes by the latency of what is called, not of all that a replica does [S003-RT-01]', () => {
    const { clock, balancer } = open({ strategy: 'least-latency' });
    const answer = (key: string, capability: string, ms: number): void => {
      const call = balancer.take(key, capability);
      clock.advance(ms);
      call.end('nobody');
    };
    answer('r0', 'tools/call quick', 10);
    answer('r0', 'tools/call slow', 900);
    answer('r1', 'tools/call quick', 50);
    answer('r1', 'tools/call slow', 100);
    const two = replicas(2);
    const chosen = (capability: string): string | undefined => {
      const call = balancer.begin(two, { capability });
      call?.end('omni');
      return call?.key;
    };
    expect(chosen('tools/call quick')).toBe('r0');
    expect(chosen('tools/call slow')).toBe('r1');
    expect(balancer.loadsOf('r1').map(({ capability }) => capability)).toEqual([
      'tools/call quick',
      'tools/call slow',
    ]);
    expect(balancer.loadsOf('r2')).toEqual([]);
  });

  it('goes by cost where it is asked to, and away from what is cheap and fails', () => {
    const { balancer } = open({ strategy: 'least-cost' });
    const two = [
      { key: 'r0', cost: 1.4 },
      { key: 'r1', cost: 1 },
    ];
    expect(spread(balancer, two, 20)).toEqual({ r1: 20 });
    for (let time = 0; time < 4; time++) balancer.take('r1', '').end('upstream');
    expect(spread(balancer, two, 20)).toEqual({ r0: 20 });
  });

  // guard: balance/capabilities
  it('forgets what was called least lately, of a thousand and one things', () => {
    const { balancer } = open();
    for (let tool = 0; tool <= 1_000; tool++) balancer.take('r0', `tool ${tool}`).end('nobody');
    const known = balancer.loadsOf('r0').map(({ capability }) => capability);
    expect(known).toHaveLength(1_000);
    expect(known).not.toContain('tool 0');
  });
});

describe('Balancer, with a canary', () => {
  const group = [{ key: 'r0' }, { key: 'r1' }, { key: 'new', canary: 0.05 }];

  // guard: balance/canary
  it('gives it its share of all calls, and the rest to the others', () => {
    const { balancer } = open();
    const { new: canary = 0, r0 = 0, r1 = 0 } = spread(balancer, group, 10_000);
    expect(canary / 10_000).toBeCloseTo(0.05, 2);
    expect(Math.abs(r0 - r1)).toBeLessThanOrEqual(1);
  });

  it('gives it the same callers each time, where calls are sticky', () => {
    const { balancer } = open({ strategy: 'sticky' });
    const chosenFor = (stickyKey: string): string | undefined => {
      const call = balancer.begin(group, { stickyKey });
      call?.end('nobody');
      return call?.key;
    };
    const keys = Array.from({ length: 2_000 }, (_, index) => `session ${index}`);
    const first = keys.map(chosenFor);
    expect(keys.map(chosenFor)).toEqual(first);
    expect(first.filter((key) => key === 'new').length / keys.length).toBeCloseTo(0.05, 1);
  });

  it('gives it everything where there is no other', () => {
    const { balancer } = open();
    expect(spread(balancer, [{ key: 'new', canary: 0.05 }], 10)).toEqual({ new: 10 });
    expect(balancer.begin(group, { except: new Set(['r0', 'r1']) })).toMatchObject({ key: 'new' });
  });
});
