import { isDeepStrictEqual } from 'node:util';
import { type JsonObject, type RecordPlan, scanJson, stringAt } from '@omni/jsonrpc';
import { promise, type FuzzTarget } from '../fuzz-target.ts';
import { isRecord, parsedJson, textOf } from './input-text.ts';

const LIMITS = { maxDepth: 24, maxElements: 200 };
const PLAN: RecordPlan = { params: { _meta: {} }, a: { a: {} } };

/** JSON is what `JSON.parse` takes, within the limits, and spans are where the values are. */
export function jsonScan(scan: typeof scanJson = scanJson): FuzzTarget {
  return {
    name: 'json-scan',
    promise:
      'accepts what JSON.parse accepts, except beyond the limits and for keys that stand twice where members are recorded; spans hold the values',
    covers: /jsonrpc\/src\/json-scan\.ts$/,
    seeds: [
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":{"k":1.5e3},"arguments":{"a":[true,false,null]}}}',
      '{"a":{"a":{"b":"long enough to leave the loop \\u00e9 \\" \\\\ and on"}},"b":[]}',
      '[1,-0.5e-7,"x",{}]',
      '"\\ud83d\\ude00"',
    ],
    dictionary: [
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"',
      '\\"',
      '\\\\',
      '\\u0061',
      '\\',
      '"a":',
      '"params":{"_meta":{',
      'true',
      'null',
      '-',
      '.',
      'e+',
      ' \n\r\t',
      '0',
    ],
    isJson: true,
    maxBytes: 2_000,
    check(input) {
      const text = textOf(input);
      const found = scan(text, LIMITS, PLAN);
      const expected = parsedJson(text);
      if (found.kind === 'problem') {
        promise(found.at >= 0 && found.at <= text.length, 'a problem stands inside the text');
        if (expected === undefined) return found.problem;
        switch (found.problem) {
          case 'syntax':
            promise(false, 'what JSON.parse accepts has no wrong syntax', () => text);
            break;
          case 'depth':
            promise(
              depthOf(text) > LIMITS.maxDepth,
              'only what is too deep is refused for its depth',
              () => text,
            );
            break;
          case 'elements':
            promise(
              elementsOf(text) > LIMITS.maxElements,
              'only what has too many values is refused for their number',
              () => text,
            );
            break;
          case 'duplicate-key':
            promise(hasDuplicate(text), 'only a text with a key twice is refused for that', () => text);
        }
        return `valid but ${found.problem}`;
      }
      promise(expected !== undefined, 'what JSON.parse refuses is refused', () => text);
      promise(depthOf(text) <= LIMITS.maxDepth, 'what is too deep is refused', () => text);
      promise(elementsOf(text) <= LIMITS.maxElements, 'what has too many values is refused', () => text);
      const value = expected?.value;
      if (found.kind === 'object') {
        checkObject(text, found.object, value, PLAN);
        return `object of ${Math.min(found.object.members.length, 20)}`;
      }
      if (found.kind === 'array') {
        promise(Array.isArray(value), 'an array is an array');
        const items = found.items.map((item) => parsedJson(text.slice(item.start, item.end))?.value);
        promise(
          isDeepStrictEqual(items, value),
          'the items of an array stand where their spans are',
          () => text,
        );
        return `array of ${Math.min(items.length, 20)}`;
      }
      promise(typeof value !== 'object' || value === null, 'a scalar is no container');
      return `scalar ${typeof value}`;
    },
  };
}

function checkObject(text: string, object: JsonObject, value: unknown, plan: RecordPlan): void {
  promise(isRecord(value), 'an object is an object');
  const whole = parsedJson(text.slice(object.start, object.end));
  promise(isDeepStrictEqual(whole?.value, value), 'an object stands where its span is', () => text);
  const entries = object.members.map(
    (member) => [member.key, parsedJson(text.slice(member.start, member.end))?.value] as const,
  );
  promise(
    new Set(object.members.map(({ key }) => key)).size === entries.length,
    'a recorded object has no key twice',
    () => text,
  );
  promise(
    isDeepStrictEqual(Object.fromEntries(entries), value),
    'the members of an object stand where their spans are',
    () => text,
  );
  for (const member of object.members) {
    const inner = Object.hasOwn(plan, member.key) ? plan[member.key] : undefined;
    const parsed = parsedJson(text.slice(member.start, member.end))?.value;
    promise(
      (member.object !== undefined) === (inner !== undefined && isRecord(parsed)),
      'what the plan names is recorded',
      () => text,
    );
    if (member.object !== undefined && inner !== undefined) checkObject(text, member.object, parsed, inner);
    if (typeof parsed === 'string')
      promise(stringAt(text, member) === parsed, 'a string is decoded as JSON.parse does it', () => text);
  }
}

/** Brackets, colons and values of a valid JSON text, a string as `"`. */
function skeletonOf(text: string): readonly string[] {
  return text.replaceAll(/"(?:[^"\\]|\\[^])*"/g, '"').match(/["[\]{}:]|[-+.0-9a-zA-Z]+/g) ?? [];
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const token of skeletonOf(text)) {
    if (token === '[' || token === '{') deepest = Math.max(deepest, ++depth);
    else if (token === ']' || token === '}') depth--;
  }
  return deepest;
}

function elementsOf(text: string): number {
  const skeleton = skeletonOf(text);
  const closing = skeleton.filter((token) => token === ']' || token === '}').length;
  const colons = skeleton.filter((token) => token === ':').length;
  // A colon takes itself and its key.
  return skeleton.length - closing - 2 * colons;
}

/** Whether values are lost when the text is parsed: then a key stood twice somewhere. */
function hasDuplicate(text: string): boolean {
  return elementsOf(JSON.stringify(parsedJson(text)?.value)) < elementsOf(text);
}
