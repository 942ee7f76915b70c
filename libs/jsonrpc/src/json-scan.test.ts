import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  memberOf,
  objectIn,
  scanJson,
  stringAt,
  stringMember,
  type JsonLimits,
  type JsonObject,
  type JsonScan,
} from './json-scan.ts';

const LIMITS: JsonLimits = { maxDepth: 500, maxElements: 1_000_000 };
const RUNS = { numRuns: 2_000 };

/** Texts that RFC 8259 allows. */
const VALID: readonly (readonly [name: string, text: string])[] = [
  ['an empty object', '{}'],
  ['an empty array', '[]'],
  ['an empty string', '""'],
  ['null alone', 'null'],
  ['true alone', 'true'],
  ['false alone', 'false'],
  ['zero alone', '0'],
  ['white space of all four kinds around a value', ' \t\r\n1\n\r\t '],
  ['white space at every place of an object', ' { "a" : 1 , "b" : [ 1 , 2 ] } '],
  ['white space inside empty containers', '[ { } , [ ] ]'],
  ['an integer', '[1234567890]'],
  ['a negative integer', '[-12]'],
  ['minus zero', '[-0]'],
  ['a fraction', '[0.5]'],
  ['a negative fraction below one', '[-0.000001]'],
  ['a fraction that ends in zeros', '[1.500]'],
  ['an exponent', '[1e3]'],
  ['an exponent in upper case', '[1E3]'],
  ['an exponent with plus', '[1e+3]'],
  ['an exponent with minus', '[1e-3]'],
  ['an exponent with leading zeros', '[1e007]'],
  ['a fraction with exponent', '[12.5E-10]'],
  ['zero with exponent', '[0e1]'],
  ['a number beyond the range of doubles', '[1e400]'],
  ['a number below the range of doubles', '[1e-400]'],
  ['an integer beyond 2^53', '[9007199254740993]'],
  ['an integer of 500 digits', `[${'9'.repeat(500)}]`],
  ['a string', '["abc"]'],
  ['all short escapes', '["\\"\\\\\\/\\b\\f\\n\\r\\t"]'],
  ['a unicode escape', '["\\u0041"]'],
  ['a unicode escape with letters of both cases', '["\\uaBcD"]'],
  ['an escaped NUL', '["\\u0000"]'],
  ['an escaped surrogate pair', '["\\ud83d\\ude00"]'],
  ['an escaped lone high surrogate', '["\\ud800"]'],
  ['an escaped lone low surrogate', '["\\udc00"]'],
  ['escaped surrogates in the wrong order', '["\\ude00\\ud83d"]'],
  ['a raw surrogate pair', '["😀"]'],
  ['letters beyond ASCII', '["äßж語"]'],
  ['DEL, which is no control character for JSON', '["\u007f"]'],
  ['C1 control characters', '["\u0080\u009f"]'],
  ['the line separators of JavaScript', '["\u2028\u2029"]'],
  ['a byte order mark inside a string', '["\uFEFF"]'],
  ['a non-character', '["\uFFFF"]'],
  ['brackets and commas inside a string', '["[{]},:"]'],
  ['a comment inside a string', '["/* // */"]'],
  ['an escaped backslash before the closing quote', '["\\\\"]'],
  ['an escaped quote before the closing quote', '["\\""]'],
  ['two backslashes and a quote', '["\\\\\\""]'],
  ['an escaped backslash before a u', '["\\\\u12"]'],
  ['a string of 23 characters', `["${'a'.repeat(23)}"]`],
  ['a string of 24 characters', `["${'a'.repeat(24)}"]`],
  ['a string of 25 characters', `["${'a'.repeat(25)}"]`],
  ['an escape as the 24th character', `["${'a'.repeat(23)}\\n"]`],
  ['an escape as the 25th character', `["${'a'.repeat(24)}\\n"]`],
  ['an escaped quote as the 25th character', `["${'a'.repeat(24)}\\"${'b'.repeat(40)}"]`],
  [
    'long strings with escapes next to short strings without',
    `["${'a'.repeat(50)}\\\\","b","${'c'.repeat(50)}","\\\\","${'d'.repeat(50)}\\""]`,
  ],
  ['an empty key', '{"":0}'],
  ['an escaped key', '{"\\u0061":0}'],
  ['a key with a quote', '{"\\"":0}'],
  ['keys that differ in case', '{"a":0,"A":0}'],
  ['a key __proto__', '{"__proto__":{"__proto__":[]}}'],
  ['the same key in different objects', '{"a":{"a":{"a":0}}}'],
  ['the same key twice below the recorded part', '{"x":{"a":0,"a":1}}'],
  ['the same key twice in an object of an array', '[{"a":0,"a":1}]'],
  ['containers in containers', '{"a":[{"b":[[],{}]}]}'],
  ['literals in an array', '[null,true,false]'],
];

/** Texts that are not JSON. */
const INVALID: readonly (readonly [name: string, text: string])[] = [
  ['nothing', ''],
  ['white space only', ' \n'],
  ['a byte order mark first', '\uFEFF{}'],
  ['a byte order mark last', '{}\uFEFF'],
  ['a no-break space', '\u00a0[]'],
  ['a form feed', '\f[]'],
  ['a vertical tab', '[\v1]'],
  ['a zero-width space', '[\u200b]'],
  ['a line separator between values', '[1,\u20282]'],
  ['NUL behind the value', '{}\u0000'],
  ['two values', '{}{}'],
  ['two lines', '{}\n{}'],
  ['two numbers', '1 2'],
  ['a comma behind the value', '{},'],
  ['a bracket behind the value', '[]]'],
  ['a brace behind the value', '{}}'],
  ['an open array', '['],
  ['an open array with a value', '[1'],
  ['an open array after a comma', '[1,'],
  ['an open object', '{'],
  ['an open object with a key', '{"a"'],
  ['an open object after the colon', '{"a":'],
  ['an open object after a value', '{"a":1'],
  ['an open object after a comma', '{"a":1,'],
  ['an array closed as an object', '[}'],
  ['an object closed as an array', '{]'],
  ['crossed brackets', '[{]}'],
  ['a trailing comma in an array', '[1,]'],
  ['a trailing comma in an object', '{"a":1,}'],
  ['a leading comma in an array', '[,1]'],
  ['a leading comma in an object', '{,"a":1}'],
  ['two commas in an array', '[1,,2]'],
  ['two commas in an object', '{"a":1,,"b":2}'],
  ['a lone comma in an array', '[,]'],
  ['a colon in an array', '["a":1]'],
  ['a semicolon between values', '[1;2]'],
  ['no comma between values', '[1 2]'],
  ['no comma between members', '{"a":1 "b":2}'],
  ['no colon', '{"a" 1}'],
  ['two colons', '{"a"::1}'],
  ['a comma for the colon', '{"a",1}'],
  ['no value', '{"a":}'],
  ['a bare key', '{a:1}'],
  ['a key in single quotes', "{'a':1}"],
  ['a number as key', '{1:1}'],
  ['a literal as key', '{null:1}'],
  ['a container as key', '{[]:1}'],
  ['a value without key', '{1}'],
  ['a line comment', '[1] // x'],
  ['a block comment', '[/* x */1]'],
  ['a hash comment', '[1] # x'],
  ['a bare word', '[abc]'],
  ['undefined', '[undefined]'],
  ['NaN', '[NaN]'],
  ['Infinity', '[Infinity]'],
  ['minus Infinity', '[-Infinity]'],
  ['null in upper case', '[NULL]'],
  ['True', '[True]'],
  ['a literal cut short', '[nul]'],
  ['a literal cut short at the end', 'tru'],
  ['a literal with a letter more', '[nulll]'],
  ['two literals glued', '[truefalse]'],
  ['a leading zero', '[01]'],
  ['a leading zero behind minus', '[-01]'],
  ['two zeros', '[00]'],
  ['plus', '[+1]'],
  ['minus alone', '[-]'],
  ['two minus', '[--1]'],
  ['minus before a space', '[- 1]'],
  ['no digit before the point', '[.5]'],
  ['no digit before the point, negative', '[-.5]'],
  ['no digit behind the point', '[1.]'],
  ['no digit between point and exponent', '[1.e3]'],
  ['two points', '[1.2.3]'],
  ['no digit in the exponent', '[1e]'],
  ['only a sign in the exponent', '[1e+]'],
  ['two signs in the exponent', '[1e+-3]'],
  ['a fraction in the exponent', '[1e1.5]'],
  ['an exponent alone', '[e1]'],
  ['hexadecimal', '[0x10]'],
  ['octal', '[0o7]'],
  ['a digit separator', '[1_000]'],
  ['a bigint', '[1n]'],
  ['digits of another script', '[१]'],
  ['full-width digits', '[１]'],
  ['an open string', '"'],
  ['an open string in an array', '["a]'],
  ['an open string of more than 24 characters', `["${'a'.repeat(60)}`],
  ['an open string that ends in an escaped quote', '["a\\"]'],
  ['an open string that ends in a backslash', '"\\'],
  ['single quotes', "['a']"],
  ['typographic quotes', '[“a”]'],
  ['a backtick string', '[`a`]'],
  ['two strings glued', '["a""b"]'],
  ['an unknown escape', '["\\x41"]'],
  ['an escaped single quote', '["\\\'"]'],
  ['an escaped digit', '["\\0"]'],
  ['an escape in upper case', '["\\N"]'],
  ['a unicode escape in upper case', '["\\U0041"]'],
  ['a unicode escape without digits', '["\\u"]'],
  ['a unicode escape of three digits', '["\\u004"]'],
  ['a unicode escape with a letter beyond f', '["\\u004g"]'],
  ['a unicode escape in braces', '["\\u{41}"]'],
  ['a unicode escape with a sign', '["\\u+041"]'],
  ['a unicode escape with a space', '["\\u 041"]'],
  ['a unicode escape cut by the end', '"\\u00'],
  ['an escaped line break', '["\\\n"]'],
  ['a raw line feed in a string', '["a\nb"]'],
  ['a raw carriage return in a string', '["a\rb"]'],
  ['a raw tab in a string', '["a\tb"]'],
  ['a raw NUL in a string', '["\u0000"]'],
  ['a raw unit separator in a string', '["\u001f"]'],
  ['a raw line feed as the 24th character', `["${'a'.repeat(23)}\n"]`],
  ['a raw line feed as the 25th character', `["${'a'.repeat(24)}\n"]`],
  ['a raw line feed far behind an escape', `["\\n${'a'.repeat(80)}\n"]`],
  ['a raw line feed before an escape', `["${'a'.repeat(30)}\n${'a'.repeat(30)}\\n"]`],
  ['a raw line feed in the second long string', `["${'a'.repeat(40)}","${'b'.repeat(40)}\n"]`],
  ['a raw tab in a key', '{"a\tb":1}'],
  ['an unknown escape in a key', '{"\\q":1}'],
  ['an escape outside a string', '[\\n]'],
  ['a lone closing bracket', ']'],
  ['a lone closing brace', '}'],
  ['a lone colon', ':'],
  ['a lone comma', ','],
  ['a lone backslash', '\\'],
];

describe('scanJson', () => {
  it.each(VALID)('accepts %s, as JSON.parse does', (_name, text) => {
    expect(parses(text)).toBe(true);
    expect(scanJson(text, LIMITS).kind).not.toBe('problem');
    expect(scanJson(`[${text}]`, LIMITS).kind).toBe('array');
    expect(scanJson(`{"plan":${text}}`, LIMITS).kind).toBe('object');
  });

  // guard: json/control-characters, json/control-in-short, json/rest
  it.each(INVALID)('refuses %s, as JSON.parse does', (_name, text) => {
    expect(parses(text)).toBe(false);
    expect(scanJson(text, LIMITS)).toMatchObject({ kind: 'problem', problem: 'syntax' });
    expect(accepts(scanJson(`{"plan":${text}}`, LIMITS, { plan: {} }))).toBe(parses(`{"plan":${text}}`));
  });

  it('holds at least 120 cases in its tables', () => {
    expect(VALID.length + INVALID.length).toBeGreaterThanOrEqual(120);
  });

  it('accepts whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 3 }), (value, indent) => {
        expect(accepts(scanJson(JSON.stringify(value, undefined, indent), LIMITS))).toBe(true);
      }),
      RUNS,
    );
  });

  it('gives the verdict of JSON.parse on damaged JSON', () => {
    fc.assert(
      fc.property(damagedJson(), (text) => {
        // In an array nothing is recorded, so no duplicate key is refused.
        expect(accepts(scanJson(`[${text}]`, LIMITS))).toBe(parses(`[${text}]`));
        const scan = scanJson(text, LIMITS, { a: { a: {} } });
        if (scan.kind === 'problem' && scan.problem === 'duplicate-key') return;
        expect(accepts(scan)).toBe(parses(text));
      }),
      { numRuns: 5_000 },
    );
  });

  it('gives the verdict of JSON.parse on strings in a row, whatever their escapes and lengths', () => {
    fc.assert(
      fc.property(fc.array(stringLiteral(), { minLength: 1, maxLength: 6 }), (literals) => {
        const text = `[${literals.join(',')}]`;
        expect(accepts(scanJson(text, LIMITS))).toBe(parses(text));
      }),
      { numRuns: 5_000 },
    );
  });

  // guard: json/escaped-key
  it('gives spans that hold the values of the members, in order', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue(), { maxKeys: 8 }),
        fc.integer({ min: 0, max: 2 }),
        (value, indent) => {
          const text = `  ${JSON.stringify(value, undefined, indent)} `;
          const object = objectOf(scanJson(text, LIMITS));
          expect(text.slice(object.start, object.end)).toBe(text.trim());
          expect(object.members.map((member) => member.key)).toEqual(Object.keys(value));
          for (const member of object.members)
            expect(JSON.parse(text.slice(member.start, member.end))).toEqual(
              own(JSON.parse(text), member.key),
            );
        },
      ),
      RUNS,
    );
  });

  it('gives spans that hold the items of an array', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { maxLength: 8 }),
        fc.integer({ min: 0, max: 2 }),
        (value, indent) => {
          const text = JSON.stringify(value, undefined, indent);
          const scan = scanJson(text, LIMITS);
          expect(
            scan.kind === 'array' &&
              scan.items.map((item) => JSON.parse(text.slice(item.start, item.end)) as unknown),
          ).toEqual(JSON.parse(text));
        },
      ),
      RUNS,
    );
  });

  it('keeps numbers, escapes and white space inside spans as they were sent', () => {
    const values = [
      '1.0',
      '-0',
      '1e400',
      '9007199254740993',
      '"\\u0041\\/"',
      '{ "b":1, "b" : 2 }',
      '[ 1 ,2]',
    ];
    const text = `{${values.map((value, index) => `"k${index}" : ${value} `).join(',')}}`;
    expect(
      objectOf(scanJson(text, LIMITS)).members.map((member) => text.slice(member.start, member.end)),
    ).toEqual(values);
  });

  it('records the members that the plan names, as deep as it goes', () => {
    const text = '{"params":{"_meta":{"token":1,"deep":{"x":1}},"arguments":{"y":1}},"other":{"z":1}}';
    const root = objectOf(scanJson(text, LIMITS, { params: { _meta: {} }, absent: {} }));
    const params = memberOf(root, 'params')?.object;
    const meta = memberOf(params, '_meta')?.object;
    expect(params?.members.map((member) => member.key)).toEqual(['_meta', 'arguments']);
    expect(meta?.members.map((member) => member.key)).toEqual(['token', 'deep']);
    expect(text.slice(meta?.start, meta?.end)).toBe('{"token":1,"deep":{"x":1}}');
    expect(memberOf(meta, 'deep')?.object).toBeUndefined();
    expect(memberOf(params, 'arguments')?.object).toBeUndefined();
    expect(memberOf(root, 'other')?.object).toBeUndefined();
  });

  it.each(['1', '"x"', 'null', '[{}]'])('records nothing of a planned member that is %s', (value) => {
    expect(
      memberOf(objectOf(scanJson(`{"params":${value}}`, LIMITS, { params: {} })), 'params')?.object,
    ).toBeUndefined();
  });

  it.each([
    'id',
    'name',
    'params',
    'jsonrpc',
    'arguments',
    'resultType',
    'io.modelcontextprotocol/protocolVersion',
  ])('reads the common key %s like any other of its length', (key) => {
    const other = `${key.slice(0, -1)}X`;
    const escaped = `\\u${key.charCodeAt(0).toString(16).padStart(4, '0')}${key.slice(1)}`;
    const keys = [key, other, escaped].map((text) =>
      objectOf(scanJson(`{"${text}":1}`, LIMITS)).members.map((member) => member.key),
    );
    expect(keys).toEqual([[key], [other], [key]]);
  });

  // guard: json/duplicate-key
  it.each([
    ['in the root', '{"a":1,"a":2}', 7],
    ['in a planned object', '{"p":{"a":1,"b":2,"a":3}}', 18],
    ['written with an escape', '{"method":1,"\\u006dethod":2}', 12],
    ['both written with escapes', '{"\\u0061":1,"\\u0061":2}', 12],
    ['as a planned key', '{"p":{},"p":{}}', 8],
    ['as __proto__', '{"__proto__":1,"__proto__":2}', 15],
    ['as the empty key', '{"":1,"":2}', 6],
    ['with the same value', '{"a":1, "a":1}', 8],
  ])('refuses a key that stands twice %s', (_where, text, at) => {
    expect(scanJson(text, LIMITS, { p: {} })).toEqual({ kind: 'problem', problem: 'duplicate-key', at });
  });

  // guard: json/duplicate-key-of-many
  it('refuses a key that stands twice among many', () => {
    const members = Array.from({ length: 40 }, (_, index) => `"k${index}":1`);
    expect(scanJson(`{${members.join(',')}}`, LIMITS).kind).toBe('object');
    for (const again of [0, 15, 16, 39]) {
      const text = `{${[...members, `"k${again}":1`].join(',')}}`;
      expect(scanJson(text, LIMITS)).toEqual({
        kind: 'problem',
        problem: 'duplicate-key',
        at: text.lastIndexOf('"k'),
      });
    }
  });

  it.each([
    '{"a":1,"A":2}',
    '{"k":1,"\u212a":2}',
    '{"\u00e9":1,"e\u0301":2}',
    '{"x":{"a":1,"a":2}}',
    '{"a":1,"a ":2}',
  ])('takes the keys of %s for different ones', (text) => {
    expect(scanJson(text, LIMITS, { p: {} }).kind).toBe('object');
  });

  // guard: json/prototype
  it('leaves Object.prototype alone and finds its names only where they were sent', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"then":1}';
    const root = objectOf(scanJson(text, LIMITS, { constructor: { prototype: {} } }));
    expect(root.members.map((member) => member.key)).toEqual(['__proto__', 'constructor', 'then']);
    expect(memberOf(root, '__proto__')?.object).toBeUndefined();
    expect(memberOf(memberOf(root, 'constructor')?.object, 'prototype')?.object?.members).toHaveLength(1);
    for (const name of ['toString', 'hasOwnProperty', 'prototype', 'toJSON'])
      expect(memberOf(root, name)).toBeUndefined();
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect(Object.hasOwn({}, 'polluted')).toBe(false);
  });

  // guard: json/depth-of-arrays
  it.each(['[', '{"a":'])('allows nesting of %s up to the limit and not one level more', (opening) => {
    const nested = (depth: number): string =>
      `${opening.repeat(depth - 1)}[]${(opening === '[' ? ']' : '}').repeat(depth - 1)}`;
    expect(accepts(scanJson(nested(7), { ...LIMITS, maxDepth: 7 }))).toBe(true);
    expect(scanJson(nested(8), { ...LIMITS, maxDepth: 7 })).toEqual({
      kind: 'problem',
      problem: 'depth',
      at: opening.length * 7,
    });
  });

  // guard: json/depth
  it('counts the depth of recorded objects like that of others', () => {
    expect(
      accepts(scanJson('{"a":{"a":{"a":{}}}}', { ...LIMITS, maxDepth: 4 }, { a: { a: { a: {} } } })),
    ).toBe(true);
    expect(
      scanJson('{"a":{"a":{"a":{}}}}', { ...LIMITS, maxDepth: 3 }, { a: { a: { a: {} } } }),
    ).toMatchObject({ problem: 'depth' });
  });

  it('counts depth by nesting, not by number', () => {
    expect(accepts(scanJson(`[${'[],{},'.repeat(1_000)}[]]`, { ...LIMITS, maxDepth: 2 }))).toBe(true);
  });

  it('stops at the depth limit before a million brackets can fill the stack', () => {
    for (const opening of ['[', '{"a":', '[{"a":']) {
      expect(scanJson(opening.repeat(1_000_000), { ...LIMITS, maxDepth: 64 })).toMatchObject({
        kind: 'problem',
        problem: 'depth',
      });
    }
  });

  // guard: json/elements
  it.each([
    ['1', 1],
    ['[]', 1],
    ['[1,"a",null,true,{}]', 6],
    ['{"a":1,"b":[2,3]}', 5],
    ['{"a":{"b":{"c":0}}}', 4],
  ])('counts the values of %s as %i, keys not among them', (text, count) => {
    expect(accepts(scanJson(text, { ...LIMITS, maxElements: count }))).toBe(true);
    expect(scanJson(text, { ...LIMITS, maxElements: count - 1 })).toMatchObject({
      kind: 'problem',
      problem: 'elements',
    });
    expect(scanJson(text, { ...LIMITS, maxElements: count - 1 }, { a: { b: {} } })).toMatchObject({
      kind: 'problem',
      problem: 'elements',
    });
  });

  it('reads a megabyte of escapes, in one string and in many', () => {
    const escapes = '\\u0000\\"\\\\\\n'.repeat(90_000);
    const one = `{"a":"${escapes}"}`;
    const many = `[${'"\\\\\\"",'.repeat(150_000)}0]`;
    expect(one.length).toBeGreaterThan(1_000_000);
    expect(many.length).toBeGreaterThan(1_000_000);
    expect(stringMember(one, objectOf(scanJson(one, LIMITS)), 'a')).toBe('\u0000"\\\n'.repeat(90_000));
    expect(accepts(scanJson(many, LIMITS))).toBe(true);
    expect(scanJson(`${one.slice(0, -2)}\\"}`, LIMITS)).toMatchObject({ problem: 'syntax' });
  });

  it.each([
    ['{"a":1 x}', 7],
    ['[1,]', 3],
    ['{} {}', 3],
    ['["abc\\q"]', 5],
    ['["a\nb"]', 3],
    ['{"a" 1}', 5],
    ['', 0],
    ['[nul]', 1],
    ['[01]', 2],
  ])('tells where %j goes wrong', (text, at) => {
    expect(scanJson(text, LIMITS)).toEqual({ kind: 'problem', problem: 'syntax', at });
  });
});

describe('objectIn', () => {
  it.each(['', '[]', '7', '{"a":1,"a":2}', '{'])('gives nothing for %j', (text) => {
    expect(objectIn(text)).toBeUndefined();
  });

  it('gives the members, and those of members that are asked for', () => {
    const text = '{"a":{"b":1},"c":{"d":2}}';
    const object = objectIn(text, { a: {} });
    expect(object?.members.map(({ key }) => key)).toEqual(['a', 'c']);
    expect(memberOf(object, 'a')?.object?.members.map(({ key }) => key)).toEqual(['b']);
    expect(memberOf(object, 'c')?.object).toBeUndefined();
  });
});

describe('stringAt', () => {
  it('decodes what JSON.parse decodes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (value) => {
        const text = JSON.stringify({ value });
        expect(stringMember(text, objectOf(scanJson(text, LIMITS)), 'value')).toBe(value);
      }),
      RUNS,
    );
  });

  it('decodes escapes that JSON.stringify would not write', () => {
    const text = '{"a":"\\u0061\\/\\ud83d\\ude00"}';
    expect(stringMember(text, objectOf(scanJson(text, LIMITS)), 'a')).toBe('a/😀');
  });

  it.each(['1', 'null', 'true', '{}', '[]', '["a"]', '{"a":"b"}'])('answers undefined for %s', (text) => {
    expect(stringAt(text, { start: 0, end: text.length })).toBeUndefined();
  });

  it('answers undefined for an absent member and an absent object', () => {
    expect(stringMember('{}', objectOf(scanJson('{}', LIMITS)), 'a')).toBeUndefined();
    expect(stringMember('', undefined, 'a')).toBeUndefined();
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function accepts(scan: JsonScan): boolean {
  return scan.kind !== 'problem';
}

function objectOf(scan: JsonScan): JsonObject {
  if (scan.kind === 'object') return scan.object;
  throw new TypeError(`scanned as ${JSON.stringify(scan)}`);
}

function own(value: unknown, key: string): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

/** JSON with up to three characters taken out, put in or replaced. */
function damagedJson(): fc.Arbitrary<string> {
  const chunk = fc.constantFrom(
    ...'{}[]",:\\/\t\n\r -+.0123456789eEabfnrtulsx\u0000\u001f\u007f\u2028\uFEFF'.split(''),
    '\\u',
    '\\"',
    'null',
    'true',
    '"a":',
    '""',
    ' ',
  );
  const damage = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.integer({ min: 0, max: 2 }),
    put: fc.oneof(fc.constant(''), chunk),
  });
  const key = fc.oneof(fc.constantFrom('a', 'b', '__proto__', ''), fc.string({ maxLength: 30 }));
  const value = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<unknown>(null, true, false),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ maxLength: 40 }),
      fc.array(tie('node'), { maxLength: 4 }),
      fc.dictionary(key, tie('node'), { maxKeys: 4 }),
    ),
  })).node;
  return fc
    .tuple(value, fc.integer({ min: 0, max: 1 }), fc.array(damage, { maxLength: 3 }))
    .map(([json, indent, damages]) => {
      let text = JSON.stringify(json, undefined, indent);
      for (const { at, cut, put } of damages) {
        const start = Math.floor(at * text.length);
        text = text.slice(0, start) + put + text.slice(start + cut);
      }
      return text;
    });
}

/**
 * A string literal, often a broken one, of a length around the place where the scanner changes its way of
 * searching.
 */
function stringLiteral(): fc.Arbitrary<string> {
  const plain = fc.integer({ min: 0, max: 30 }).map((length) => 'a'.repeat(length));
  const good = fc.constantFrom('\\"', '\\\\', '\\/', '\\n', '\\u0041', '\\ud800', 'é', '😀', ',', ']');
  const bad = fc.constantFrom('\\x', '\\', '"', '\n', '\u0000', '\\u12', '\\u12g4');
  const part = fc.oneof(
    { weight: 8, arbitrary: plain },
    { weight: 8, arbitrary: good },
    { weight: 1, arbitrary: bad },
  );
  return fc.array(part, { maxLength: 6 }).map((parts) => `"${parts.join('')}"`);
}
