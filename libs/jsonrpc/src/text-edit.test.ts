import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { scanJson, type JsonObject } from './json-scan.ts';
import {
  applyEdits,
  memberDrops,
  setMember,
  setMembers,
  withoutMembers,
  type TextEdit,
} from './text-edit.ts';

describe('applyEdits', () => {
  it('gives the text itself back when there is nothing to do', () => {
    expect(applyEdits('abc', [])).toBe('abc');
  });

  it('cuts out a part without edits', () => {
    expect(applyEdits('abcdef', [], 2, 4)).toBe('cd');
  });

  it('replaces, inserts and removes, in any order of the edits', () => {
    const edits: TextEdit[] = [
      { start: 4, end: 6, text: '' },
      { start: 0, end: 1, text: 'XYZ' },
      { start: 2, end: 2, text: '-' },
    ];
    expect(applyEdits('abcdef', edits)).toBe('XYZb-cd');
    expect(applyEdits('abcdef', edits.toReversed())).toBe('XYZb-cd');
  });

  it('puts an insertion before a replacement at the same place, and insertions in the order given', () => {
    const replacement = { start: 1, end: 2, text: 'R' };
    const insertions = [
      { start: 1, end: 1, text: '1' },
      { start: 1, end: 1, text: '2' },
    ];
    expect(applyEdits('abc', [replacement, ...insertions])).toBe('a12Rc');
    expect(applyEdits('abc', [...insertions, replacement])).toBe('a12Rc');
  });

  it('edits at both ends of the part that is copied', () => {
    const edits = [
      { start: 1, end: 1, text: '<' },
      { start: 3, end: 3, text: '>' },
    ];
    expect(applyEdits('abcd', edits, 1, 3)).toBe('<bc>');
  });

  it('does not change the list of edits', () => {
    const edits: readonly TextEdit[] = Object.freeze([
      { start: 2, end: 3, text: 'y' },
      { start: 0, end: 1, text: 'x' },
    ]);
    expect(applyEdits('abc', edits)).toBe('xby');
    expect(edits[0]?.start).toBe(2);
  });

  it('leaves what no edit covers byte for byte', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string(), fc.string(), fc.string()), { maxLength: 5 }),
        fc.string(),
        (parts, tail) => {
          const text = parts.map(([kept, old]) => kept + old).join('') + tail;
          let at = 0;
          const edits = parts.map(([kept, old, put]) => {
            const start = at + kept.length;
            at = start + old.length;
            return { start, end: at, text: put };
          });
          expect(applyEdits(text, edits)).toBe(parts.map(([kept, , put]) => kept + put).join('') + tail);
        },
      ),
    );
  });
});

describe('setMember', () => {
  it.each([
    ['{}', '{"k":1}'],
    ['{ }', '{"k":1 }'],
    ['{"a":0}', '{"k":1,"a":0}'],
    ['{ "a" : 0 }', '{"k":1, "a" : 0 }'],
    ['{"k":0}', '{"k":1}'],
    ['{"a":0, "k" : {"x":[]} ,"b":2}', '{"a":0, "k" : 1 ,"b":2}'],
    ['{"\\u006b":0}', '{"\\u006b":1}'],
    ['{"K":0}', '{"k":1,"K":0}'],
  ])('turns %s into %s', (text, expected) => {
    expect(applyEdits(text, [setMember(rootOf(text), 'k', '1')])).toBe(expected);
  });

  it('writes any key as JSON', () => {
    const text = applyEdits('{}', [setMember(rootOf('{}'), 'a"\\\n', 'null')]);
    expect(JSON.parse(text)).toEqual({ 'a"\\\n': null });
  });

  it('edits an object inside a text', () => {
    const text = '{"params":{"_meta":{}}}';
    const params = rootOf(text, { params: {} }).members[0]?.object;
    expect(params && applyEdits(text, [setMember(params, 'name', '"x"')])).toBe(
      '{"params":{"name":"x","_meta":{}}}',
    );
  });
});

describe('setMembers', () => {
  it.each([
    ['{}', '{"a":1,"b":2}'],
    ['{"x":0}', '{"a":1,"b":2,"x":0}'],
    ['{"b":0}', '{"a":1,"b":2}'],
    ['{"b":0,"a":0}', '{"b":2,"a":1}'],
  ])('turns %s into %s', (text, expected) => {
    const edits = setMembers(rootOf(text), [
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(applyEdits(text, edits)).toBe(expected);
  });

  it('makes no edit of no values', () => {
    expect(setMembers(rootOf('{}'), [])).toEqual([]);
  });

  it('gives the object that assigning would give', () => {
    const object = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', '__proto__'), fc.integer());
    fc.assert(
      fc.property(object, object, (before, values) => {
        const text = JSON.stringify(before);
        const pairs = Object.entries(values).map(([key, value]) => [key, JSON.stringify(value)] as const);
        const after = JSON.parse(applyEdits(text, setMembers(rootOf(text), pairs))) as Record<
          string,
          unknown
        >;
        expect(new Map(Object.entries(after))).toEqual(
          new Map([...Object.entries(before), ...Object.entries(values)]),
        );
      }),
    );
  });
});

describe('withoutMembers', () => {
  const drop =
    (...keys: string[]) =>
    (key: string): boolean =>
      keys.includes(key);

  it.each([
    ['{"a":1,"b":2,"c":3}', ['a'], '{"b":2,"c":3}'],
    ['{"a":1,"b":2,"c":3}', ['c', 'a'], '{"b":2}'],
    ['{"a":1}', ['a'], '{}'],
    ['{"a": 1.0 ,"b":{ "x" : 1e400 }}', ['a'], '{"b":{ "x" : 1e400 }}'],
    ['{"\\u0061":1,"b":2}', ['a'], '{"b":2}'],
    ['{"a\\"":1,"b":2}', ['b'], '{"a\\"":1}'],
    ['{"__proto__":{},"b":2}', ['b'], '{"__proto__":{}}'],
  ])('copies %s without %j', (text, keys, expected) => {
    expect(withoutMembers(text, rootOf(text), drop(...keys))).toBe(expected);
  });

  it('copies an object that loses nothing byte for byte', () => {
    const text = ' { "\\u0061" : 1 , "b":2 } ';
    expect(withoutMembers(text, rootOf(text), drop('c'))).toBe('{ "\\u0061" : 1 , "b":2 }');
  });
});

describe('memberDrops', () => {
  const without = (text: string, ...keys: string[]): string =>
    applyEdits(
      text,
      memberDrops(text, rootOf(text), ({ key }) => keys.includes(key)),
    );

  it.each([
    ['{ "a" : 1 , "b" : 2.0 ,  "c" : 3 }', ['a'], '{ "b" : 2.0 ,  "c" : 3 }'],
    ['{ "a" : 1 , "b" : 2.0 ,  "c" : 3 }', ['b'], '{ "a" : 1 ,  "c" : 3 }'],
    ['{ "a" : 1 , "b" : 2.0 ,  "c" : 3 }', ['c'], '{ "a" : 1 , "b" : 2.0 }'],
    ['{ "a" : 1 , "b" : 2.0 ,  "c" : 3 }', ['a', 'b'], '{  "c" : 3 }'],
    ['{ "a" : 1 , "b" : 2.0 ,  "c" : 3 }', ['b', 'c'], '{ "a" : 1 }'],
    ['{ "a" : 1 , "b" : 2.0 ,  "c" : 3 }', ['a', 'b', 'c'], '{ }'],
    ['{"\\u0061":1,"b,\\"":"x,y"}', ['a'], '{"b,\\"":"x,y"}'],
    ['{"a":1}', ['b'], '{"a":1}'],
    ['{}', ['b'], '{}'],
  ])('take from %s the members %j', (text, keys, expected) => {
    expect(without(text, ...keys)).toBe(expected);
  });

  it('leave what a parser reads of all other members', () => {
    const values = fc.uniqueArray(fc.tuple(fc.string(), fc.jsonValue()), { selector: ([key]) => key });
    fc.assert(
      fc.property(values, fc.func(fc.boolean()), (members, isDropped) => {
        const space = ' \n';
        const text = `{${members.map(([key, value]) => `${space}${JSON.stringify(key)} : ${JSON.stringify(value)}${space}`).join(',')}}`;
        const object = scanJson(text, { maxDepth: 100, maxElements: 100_000 });
        if (object.kind !== 'object') throw new TypeError('no object');
        const drops = memberDrops(text, object.object, ({ key }) => isDropped(key));
        const after = JSON.parse(applyEdits(text, drops)) as object;
        expect(new Map(Object.entries(after))).toEqual(
          new Map(Object.entries(JSON.parse(text) as object).filter(([key]) => !isDropped(key))),
        );
      }),
    );
  });
});

function rootOf(text: string, plan = {}): JsonObject {
  const scan = scanJson(text, { maxDepth: 10, maxElements: 100 }, plan);
  if (scan.kind === 'object') return scan.object;
  throw new TypeError(`not an object: ${text}`);
}
