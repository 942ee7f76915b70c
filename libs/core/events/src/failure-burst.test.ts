import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import { FailureBurst } from './failure-burst.ts';

describe('FailureBurst', () => {
  it('notices three servers that fall within ten seconds, and names them to who may see them all', () => {
    const clock = new VirtualClock();
    const burst = new FailureBurst(clock);
    expect(burst.onDown('a')).toBeUndefined();
    clock.advance(9_000);
    expect(burst.onDown('b')).toBeUndefined();
    expect(burst.onDown('b')).toBeUndefined();
    clock.advance(999);
    expect(burst.onDown('c')).toEqual({
      type: 'fleet.multiple_failures',
      data: { count: 3, servers: ['a', 'b', 'c'], withinMs: 10_000 },
      acl: { servers: ['a', 'b', 'c'], minRole: 'user' },
    });
  });

  it('forgets who fell longer ago', () => {
    const clock = new VirtualClock();
    const burst = new FailureBurst(clock);
    for (const server of ['a', 'b', 'c', 'd']) {
      expect(burst.onDown(server)).toBeUndefined();
      clock.advance(5_000);
    }
  });

  // guard: events/burst-once
  it('tells fifty that fall at once as one, and again after ten seconds', () => {
    const clock = new VirtualClock();
    const burst = new FailureBurst(clock);
    const fall = () => Array.from({ length: 50 }, (_, n) => burst.onDown(`s${n}`)).filter(Boolean);
    expect(fall()).toHaveLength(1);
    clock.advance(9_999);
    expect(fall()).toEqual([]);
    clock.advance(1);
    const [again] = fall();
    expect(again?.data?.['count']).toBe(50);
    expect(again?.data?.['servers']).toHaveLength(20);
  });
});
