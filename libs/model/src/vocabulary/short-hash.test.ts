import { describe, expect, it } from '@jest/globals';
import { shortHash } from './short-hash.ts';

describe('shortHash', () => {
  // The published vectors of FNV-1a, 64 bits, for '', 'a' and 'foobar', modulo 36 to the power of 8 in base
  // 36.
  it.each([
    ['', 'hzj4ux45'],
    ['a', 'goiv4rrg'],
    ['foobar', '2xt5fmco'],
    ['é', '3ard8t1d'],
  ])('of %j is %s', (text, hash) => {
    expect(shortHash(text)).toBe(hash);
  });
});
