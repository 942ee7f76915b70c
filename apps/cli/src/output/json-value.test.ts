import { describe, expect, it } from '@jest/globals';
import { member, parseExactJson } from './json-value.ts';

describe('parseExactJson', () => {
  it.each([['12345678901234567890'], ['1.0'], ['1e400'], ['-0'], ['0.1000000000000000055511151231257827']])(
    'keeps %s as it is',
    (text) => {
      expect(JSON.stringify(parseExactJson(`{"a":[${text}]}`))).toBe(`{"a":[${text}]}`);
    },
  );

  it('gives ordinary numbers as numbers', () => {
    expect(parseExactJson('[1,-2.5]')).toEqual([1, -2.5]);
  });
});

describe('member', () => {
  it('knows own members only', () => {
    expect(member({ a: 1 }, 'a')).toBe(1);
    expect([
      member({}, 'constructor'),
      member([1], '0'),
      member(null, 'a'),
      member('text', 'length'),
    ]).toEqual(Array(4).fill(undefined));
  });
});
