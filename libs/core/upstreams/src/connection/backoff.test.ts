import { describe, expect, it } from '@jest/globals';
import { Backoff } from './backoff.ts';

describe('Backoff', () => {
  // guard: restart/backoff, restart/good-life
  it('waits 500 ms, 1 s, 2 s, 5 s, 10 s, then 30 s [S000-GRD-05]', () => {
    const backoff = new Backoff(() => 0);
    expect(Array.from({ length: 7 }, () => backoff.nextDelayMs(0))).toEqual([
      500, 1_000, 2_000, 5_000, 10_000, 30_000, 30_000,
    ]);
  });

  it('begins anew after a good life, and only then', () => {
    const backoff = new Backoff(() => 0);
    backoff.nextDelayMs(0);
    expect(backoff.nextDelayMs(59_999)).toBe(1_000);
    expect(backoff.nextDelayMs(60_000)).toBe(500);
    expect(backoff.nextDelayMs(0)).toBe(1_000);
  });

  it('adds up to a tenth', () => {
    expect(new Backoff(() => 0.5).nextDelayMs(0)).toBe(525);
  });
});
