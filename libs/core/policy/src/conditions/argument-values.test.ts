import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CelValue, readArguments, sizedValues } from './argument-values.ts';

describe('readArguments', () => {
  it('reads whole numbers exactly, and the rest as JSON does', () => {
    const { values } = readArguments(
      ' { "a" : 9007199254740993 , "b":-0.5,"c":[1,"x\\n\\u00e9",true,null,{}],"d":1e3,"constructor":"y" } ',
    );
    expect(values).toEqual(
      new Map<string, CelValue>([
        ['a', 9_007_199_254_740_993n],
        ['b', -0.5],
        ['c', [1n, 'x\né', true, null, new Map()]],
        ['d', 1_000],
        ['constructor', 'y'],
      ]),
    );
  });

  it('agrees with JSON.parse on any object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false })), (object) => {
        const text = JSON.stringify(object, (_key, value: unknown) =>
          typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER ? 0 : value,
        );
        expect(plain(readArguments(text).values)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it('measures', () => {
    expect(readArguments('{"a":[1,2,3],"b":{"c":1}}')).toMatchObject({ longest: 3, length: 25 });
  });

  // guard: policy/doubled-key
  // guard: policy/inexact-integers
  it.each([
    ['{"a":1,"a":2}', 'The key "a" stands twice'],
    ['{"x":{"a":1,"\\u0061":2}}', 'The key "a" stands twice'],
    ['{"a":9223372036854775808}', 'has an integer beyond 64 bits'],
    ['{"a":9007199254740993.0}', 'that is not written as an integer'],
    ['{"a":1e400}', 'that is not written as an integer'],
    ['[1]', 'no object'],
    ['{"a":01}', 'is not JSON'],
    ['{"a":tru}', 'is not JSON'],
    ['{"a":"\u0001"}', 'is not JSON'],
    ['{"a":"\\x"}', 'is not JSON'],
    ['{"a":1,}', 'is not JSON'],
    ['{"a":1}x', 'is not JSON'],
    ['{"a":"', 'is not JSON'],
    ['', 'is not JSON'],
    [`{"a":${'['.repeat(70)}${']'.repeat(70)}}`, 'is nested too deeply'],
  ])('refuses %s', (text, why) => {
    expect(() => readArguments(text)).toThrow(why);
  });

  it('reads claims in the same way', () => {
    expect(sizedValues({ level: 2, teams: ['a', 'b'] }).values).toEqual(
      new Map<string, CelValue>([
        ['level', 2n],
        ['teams', ['a', 'b']],
      ]),
    );
  });
});

function plain(value: CelValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return (value as readonly CelValue[]).map(plain);
  if (value instanceof Map)
    return Object.fromEntries(
      [...(value as ReadonlyMap<string, CelValue>)].map(([key, one]) => [key, plain(one)]),
    );
  return value;
}
