import { describe, expect, it } from '@jest/globals';
import { minimise } from './minimise.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const text = (input: Uint8Array): string => Buffer.from(input).toString('latin1');

describe('minimise', () => {
  it('leaves what matters, at its place', async () => {
    const small = await minimise(bytes('aaaa{bbbb"cccc}dddd'), {
      isSame: (input) => /\{.*"/.test(text(input)),
    });
    expect(text(small)).toBe('{"');
  });

  it('makes plain what has to be there, whatever it is', async () => {
    const small = await minimise(bytes('\x00\x01\x02\xff'), { isSame: (input) => input.length >= 3 });
    expect(text(small)).toBe('aaa');
  });

  it('gives the input back when nothing smaller shows the same, or when it may not try', async () => {
    const input = bytes('abc');
    expect(await minimise(input, { isSame: (candidate) => candidate.length === 3 })).toEqual(input);
    expect(await minimise(input, { isSame: () => true, maxTries: 0 })).toBe(input);
    expect(await minimise(input, { isSame: () => true, maxMs: 0 })).toBe(input);
  });
});
