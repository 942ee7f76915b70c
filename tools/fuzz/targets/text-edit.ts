import { isDeepStrictEqual } from 'node:util';
import * as jsonrpc from '@omni/jsonrpc';
import { promise, type FuzzTarget } from '../fuzz-target.ts';
import { isRecord, parsedJson, textOf } from './input-text.ts';

type Edits = Pick<typeof jsonrpc, 'applyEdits' | 'setMember' | 'setMembers' | 'withoutMembers'>;

const LIMITS = { maxDepth: 64, maxElements: 2_000 };
const VALUES = ['null', '"\\u00e9"', '{"a":[]}', ' 1 '] as const;

/** Changing a text gives what changing its values gives, and leaves every other character alone. */
export function textEdit(edits: Edits = jsonrpc): FuzzTarget {
  return {
    name: 'text-edit',
    promise:
      'a text whose members are set, added or dropped parses to the value changed in the same way; values that are not named stay character for character',
    covers: /jsonrpc\/src\/text-edit\.ts$/,
    // An object, and an array with the keys to set in it.
    seeds: [
      '{"a":1,"b":{"c":2},"d":"x"}\n["a","e","f"]',
      ' { "a" : [ 1 ] } \n["a"]',
      '{"":0,"__proto__":1}\n["","__proto__"]',
    ],
    dictionary: ['"a"', '"b"', '""', '"__proto__"', '\n[', '{}', ',', ':', '"\\u0061"', ' ', '{"a":1}'],
    isJson: true,
    maxBytes: 1_000,
    check(input) {
      const [text = '', keysText = ''] = textOf(input).split('\n');
      const keys = parsedJson(keysText)?.value;
      const scan = jsonrpc.scanJson(text, LIMITS);
      const value = parsedJson(text)?.value;
      if (scan.kind !== 'object' || !isRecord(value)) return 'no object';
      if (!Array.isArray(keys) || !keys.every((key): key is string => typeof key === 'string'))
        return 'no keys';
      const names = [...new Set(keys)];
      const { object } = scan;
      const entries = Object.entries(value);

      const values = names.map((name, index) => [name, VALUES[index % VALUES.length] ?? 'null'] as const);
      const set = edits.applyEdits(text, edits.setMembers(object, values));
      const expected = Object.fromEntries([
        ...entries,
        ...values.map(([name, json]) => [name, JSON.parse(json) as unknown] as const),
      ]);
      promise(isDeepStrictEqual(parsedJson(set)?.value, expected), 'setting members sets them', () => set);
      promise(
        elementsBesides(set, names) === elementsBesides(text, names),
        'what is not set stays as it was written',
        () => set,
      );

      const [first] = values;
      if (first !== undefined) {
        const one = edits.applyEdits(text, [edits.setMember(object, ...first)], object.start, object.end);
        const expectedOne = Object.fromEntries([...entries, [first[0], JSON.parse(first[1]) as unknown]]);
        promise(
          isDeepStrictEqual(parsedJson(one)?.value, expectedOne),
          'setting one member sets it',
          () => one,
        );
      }

      const rest = edits.withoutMembers(text, object, (key) => names.includes(key));
      const expectedRest = Object.fromEntries(entries.filter(([key]) => !names.includes(key)));
      promise(
        isDeepStrictEqual(parsedJson(rest)?.value, expectedRest),
        'dropping members drops them',
        () => rest,
      );
      promise(
        elementsBesides(rest, names) === elementsBesides(text, names),
        'what is not dropped stays as it was written',
        () => rest,
      );
      const kept = names.filter((name) => Object.hasOwn(value, name)).length;
      return `${Math.min(entries.length, 4)} members, ${Math.min(kept, 3)} of ${Math.min(names.length, 3)} there`;
    },
  };
}

/** The texts of the members that have other names, in order. */
function elementsBesides(text: string, names: readonly string[]): string {
  const scan = jsonrpc.scanJson(text, LIMITS);
  if (scan.kind !== 'object') return 'no object';
  return scan.object.members
    .filter(({ key }) => !names.includes(key))
    .map(({ key, start, end }) => `${JSON.stringify(key)}:${text.slice(start, end)}`)
    .join(',');
}
