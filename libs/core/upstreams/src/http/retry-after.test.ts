import { describe, expect, it } from '@jest/globals';
import { retryAfterSeconds } from './retry-after.ts';

const NOW = Date.UTC(2026, 10, 29, 12, 0, 0);

describe('retryAfterSeconds', () => {
  it.each<[string, number | undefined]>([
    ['7', 7],
    ['0', 0],
    [' 120 ', 120],
    ['Sun, 29 Nov 2026 12:01:30 GMT', 90],
    ['Sunday, 29-Nov-26 12:00:10 GMT', 10],
    ['Sun, 29 Nov 2026 11:00:00 GMT', 0],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2026', 2026],
    ['2026-11-29T12:01:30Z', undefined],
    ['99999999999999999999', undefined],
  ])('reads %j as %s', (value, seconds) => {
    expect(retryAfterSeconds(['Retry-After', value], NOW)).toBe(seconds);
  });

  it('says nothing where the header is absent', () => {
    expect(retryAfterSeconds(['Content-Type', 'text/plain'], NOW)).toBeUndefined();
  });
});
