import { describe, expect, it } from '@jest/globals';
import { RestartLadder } from './restart-ladder.ts';

describe('RestartLadder', () => {
  it('waits 500 ms, 1 s, 2 s, 5 s, 10 s, then 30 s [S000-GRD-05]', () => {
    const ladder = new RestartLadder(() => 0);
    expect(Array.from({ length: 7 }, () => ladder.nextDelayMs(0))).toEqual([500, 1_000, 2_000, 5_000, 10_000, 30_000, 30_000]);
  });

  it('begins anew after a good life, and only then', () => {
    const ladder = new RestartLadder(() => 0);
    ladder.nextDelayMs(0);
    expect(ladder.nextDelayMs(59_999)).toBe(1_000);
    expect(ladder.nextDelayMs(60_000)).toBe(500);
    expect(ladder.failures).toBe(1);
  });

  it('adds up to a tenth', () => {
    expect(new RestartLadder(() => 0.5).nextDelayMs(0)).toBe(525);
  });
});
