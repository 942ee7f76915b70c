import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import { FINE_DURATIONS } from '../semantic-names.ts';
import { RecentQuantiles } from './recent-quantiles.ts';

describe('RecentQuantiles', () => {
  it('is within a third of the true quantile', () => {
    const clock = new VirtualClock();
    const recent = new RecentQuantiles(clock, FINE_DURATIONS);
    for (let n = 1; n <= 1_000; n++) recent.record(n / 1_000, clock.monotonicMs());
    for (const quantile of [0.5, 0.95, 0.99]) {
      const read = recent.read(quantile) ?? 0;
      expect(Math.abs(read - quantile) / quantile).toBeLessThan(0.33);
    }
  });

  it('knows the last minute at least, and forgets what is two minutes old', () => {
    const clock = new VirtualClock();
    const recent = new RecentQuantiles(clock, [1, 10]);
    expect(recent.read(0.5)).toBeUndefined();
    recent.record(0.5, clock.monotonicMs());
    clock.advance(61_000);
    expect(recent.read(0.5)).toBe(0.5);
    clock.advance(60_000);
    expect(recent.read(0.5)).toBeUndefined();
  });

  it('says the last bound of what is above all', () => {
    const clock = new VirtualClock();
    const recent = new RecentQuantiles(clock, [1, 10]);
    recent.record(99, clock.monotonicMs());
    expect(recent.read(0.99)).toBe(10);
  });
});
