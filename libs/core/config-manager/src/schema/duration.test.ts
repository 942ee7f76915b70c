import { describe, expect, it } from '@jest/globals';
import { MAX_DURATION_MS, durationMs } from './duration.ts';

describe('durationMs', () => {
  it.each([
    ['0s', 0],
    ['1500ms', 1_500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['2147483647ms', undefined], // ten digits
    ['596h', 2_145_600_000],
  ])('reads %s', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(['', '30', '30 s', '1.5s', '-1s', '1d', 's', '30S', '1e3ms', '30s\n', ' 30s'])(
    'refuses %j',
    (text) => {
      expect(durationMs(text)).toBeUndefined();
    },
  );

  it('refuses what a timer cannot hold', () => {
    expect(durationMs('597h')).toBeUndefined();
    expect(durationMs('596h')).toBeLessThanOrEqual(MAX_DURATION_MS);
  });
});
