import { describe, expect, it } from '@jest/globals';
import { ownId } from './mcp-notification.ts';

describe('ownId', () => {
  it.each<[string, number]>([
    ['17', 17],
    ['"17"', 17],
    ['17.0', 17],
    ['"17.0"', 17],
    ['17.000000000000', 17],
    ['17e0', 17],
    ['1.7e1', 17],
    ['1.7E+1', 17],
    ['0.17e2', 17],
    ['1e+05', 100_000],
  ])('takes %s for %i', (raw, id) => {
    expect(ownId(raw)).toBe(id);
  });

  it.each([
    '0',
    '0.0',
    '-0',
    '-17',
    '17.5',
    '17e-1',
    '1e99',
    '"17',
    ' 17 ',
    '""',
    'null',
    '0x11',
    '017',
    '1e400',
  ])('takes %s for none of its own', (raw) => {
    expect(ownId(raw)).toBeUndefined();
  });
});
