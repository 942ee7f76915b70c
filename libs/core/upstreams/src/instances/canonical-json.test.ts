import { describe, expect, it } from '@jest/globals';
import { canonicalJson } from './canonical-json.ts';

describe('canonicalJson', () => {
  it('does not care for spaces, escapes and the order of members', () => {
    expect(canonicalJson('{ "b" : [1, {"d":null,"c":"\\u0041"}], "a":true}')).toBe(
      '{"a":true,"b":[1,{"c":"A","d":null}]}',
    );
    expect(canonicalJson('{"a":true,"b":[1,{"c":"A","d":null}]}')).toBe(
      '{"a":true,"b":[1,{"c":"A","d":null}]}',
    );
  });

  it.each([
    ['{"a":1}', '{"a":"1"}'],
    ['{"a":[1,2]}', '{"a":[2,1]}'],
    ['{"a":{}}', '{"a":[]}'],
    ['{"__proto__":1}', '{}'],
    ['{"a":{"b":1}}', '{"a":1,"b":{}}'],
  ])('tells %s from %s', (left, right) => {
    expect(canonicalJson(left)).not.toBe(canonicalJson(right));
  });
});
