import { describe, expect, it } from '@jest/globals';
import type { JsonLimits } from './json-scan.ts';
import {
  metaOf,
  parseMessage,
  rawOf,
  type RpcBatch,
  type RpcMessage,
  type RpcRejection,
} from './rpc-message.ts';

const LIMITS: JsonLimits = { maxDepth: 64, maxElements: 100_000 };
const CALL =
  '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"fs__read","arguments":{"path":"/ä","n":1.0,"deep":[{"x":-0}]},"_meta":{"progressToken":"p-1"}}}';

type Parsed = RpcMessage | RpcBatch | RpcRejection;
/** Bad inputs: what is wrong, the text, the error, the id to answer with. */
type Row = readonly [what: string, text: string, code: string, id?: string];

const H01: readonly Row[] = [
  ['an empty body', '', 'OMNI_JSON_INVALID'],
  ['white space', ' \r\n\t', 'OMNI_JSON_INVALID'],
  ['a byte order mark', '\uFEFF', 'OMNI_JSON_INVALID'],
  ['a byte order mark before a message', `\uFEFF${CALL}`, 'OMNI_JSON_INVALID'],
  ['null', 'null', 'OMNI_MESSAGE_INVALID'],
  ['a number', '42', 'OMNI_MESSAGE_INVALID'],
  ['a string', '"x"', 'OMNI_MESSAGE_INVALID'],
  ['a literal', 'true', 'OMNI_MESSAGE_INVALID'],
  ['an empty batch', '[]', 'OMNI_MESSAGE_INVALID'],
  ['an empty object', '{}', 'OMNI_MESSAGE_INVALID'],
];

const H03: readonly Row[] = [
  ['a word behind it', `${CALL} x`, 'OMNI_JSON_INVALID'],
  ['a brace behind it', `${CALL}}`, 'OMNI_JSON_INVALID'],
  ['a NUL behind it', `${CALL}\u0000`, 'OMNI_JSON_INVALID'],
  ['the same message behind it', CALL + CALL, 'OMNI_JSON_INVALID'],
  [
    'another message on the next line',
    `${CALL}\n{"jsonrpc":"2.0","method":"notifications/initialized"}\n`,
    'OMNI_JSON_INVALID',
  ],
  ['a comma behind it', `${CALL},`, 'OMNI_JSON_INVALID'],
];

const H06: readonly Row[] = [
  ['jsonrpc', '{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"ping"}', 'OMNI_MESSAGE_INVALID'],
  ['id', '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', 'OMNI_MESSAGE_INVALID'],
  ['method', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', 'OMNI_MESSAGE_INVALID'],
  [
    'method, once with an escape',
    '{"jsonrpc":"2.0","id":1,"method":"ping","\\u006dethod":"tools/call"}',
    'OMNI_MESSAGE_INVALID',
  ],
  [
    'params',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":{},"params":{"name":"x"}}',
    'OMNI_MESSAGE_INVALID',
  ],
  [
    'params, once with an escape',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":{},"par\\u0061ms":{}}',
    'OMNI_MESSAGE_INVALID',
  ],
  [
    'name',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","name":"rm"}}',
    'OMNI_MESSAGE_INVALID',
  ],
  [
    'name, once with an escape',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","n\\u0061me":"rm"}}',
    'OMNI_MESSAGE_INVALID',
  ],
  [
    'arguments',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{},"arguments":{}}}',
    'OMNI_MESSAGE_INVALID',
  ],
  [
    '_meta',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{},"_meta":{}}}',
    'OMNI_MESSAGE_INVALID',
  ],
  [
    'a key of _meta',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"progressToken":1,"progressToken":2}}}',
    'OMNI_MESSAGE_INVALID',
  ],
  ['result', '{"jsonrpc":"2.0","id":1,"result":{},"result":{}}', 'OMNI_MESSAGE_INVALID'],
  [
    'a key of error',
    '{"jsonrpc":"2.0","id":1,"error":{"code":1,"code":2,"message":""}}',
    'OMNI_MESSAGE_INVALID',
  ],
];

const H07: readonly Row[] = [
  ['Method', '{"jsonrpc":"2.0","id":1,"Method":"ping"}', 'OMNI_MESSAGE_INVALID', '1'],
  ['METHOD', '{"jsonrpc":"2.0","id":1,"METHOD":"ping"}', 'OMNI_MESSAGE_INVALID', '1'],
  ['JSONRPC', '{"JSONRPC":"2.0","id":1,"method":"ping"}', 'OMNI_MESSAGE_INVALID', '1'],
  ['method with a trailing space', '{"jsonrpc":"2.0","id":1,"method ":"ping"}', 'OMNI_MESSAGE_INVALID', '1'],
  [
    'method with a full-width letter',
    '{"jsonrpc":"2.0","id":1,"ｍethod":"ping"}',
    'OMNI_MESSAGE_INVALID',
    '1',
  ],
  ['Result', '{"jsonrpc":"2.0","id":1,"Result":{}}', 'OMNI_MESSAGE_INVALID', '1'],
];

const H09_BAD: readonly (readonly [what: string, id: string])[] = [
  ['a fraction', '1.5'],
  ['an integer written as a fraction', '1.0'],
  ['an integer written with an exponent', '1e2'],
  ['a number beyond doubles', '1e400'],
  ['true', 'true'],
  ['null', 'null'],
  ['an object', '{}'],
  ['an array', '[1]'],
  ['a string of more than 1024 characters', `"${'a'.repeat(1023)}"`],
  ['a string of ten megabytes', `"${'a'.repeat(10_000_000)}"`],
  ['an integer of more than 1024 digits', '9'.repeat(1025)],
];

const H09_GOOD: readonly (readonly [what: string, id: string])[] = [
  ['zero', '0'],
  ['minus zero', '-0'],
  ['a negative integer', '-5'],
  ['2^53+1', '9007199254740993'],
  ['an integer of 40 digits', '1234567890123456789012345678901234567890'],
  ['the empty string', '""'],
  ['a number as string', '"1"'],
  ['the longest string', `"${'a'.repeat(1022)}"`],
  ['an escape', '"\\u0061\\/"'],
  ['an escaped lone surrogate', '"\\ud800"'],
  ['letters beyond ASCII', '"ä😀"'],
  ['__proto__', '"__proto__"'],
];

const H10: readonly Row[] = [
  ['no jsonrpc', '{"id":1,"method":"ping"}', 'OMNI_MESSAGE_INVALID', '1'],
  ['jsonrpc 1.0', '{"jsonrpc":"1.0","id":1,"method":"ping"}', 'OMNI_MESSAGE_INVALID', '1'],
  ['jsonrpc 2', '{"jsonrpc":"2","id":1,"method":"ping"}', 'OMNI_MESSAGE_INVALID', '1'],
  ['jsonrpc as a number', '{"jsonrpc":2.0,"id":1,"method":"ping"}', 'OMNI_MESSAGE_INVALID', '1'],
  ['jsonrpc null', '{"jsonrpc":null,"id":"a","method":"ping"}', 'OMNI_MESSAGE_INVALID', '"a"'],
  ['result and error', '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', 'OMNI_MESSAGE_INVALID', '1'],
  ['method and result', '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}', 'OMNI_MESSAGE_INVALID', '1'],
  ['method and error', '{"jsonrpc":"2.0","id":1,"method":"ping","error":{}}', 'OMNI_MESSAGE_INVALID', '1'],
  ['neither method nor answer', '{"jsonrpc":"2.0","id":1}', 'OMNI_MESSAGE_INVALID', '1'],
  ['an answer without id', '{"jsonrpc":"2.0","result":{}}', 'OMNI_MESSAGE_INVALID'],
  ['a result with the id null', '{"jsonrpc":"2.0","id":null,"result":{}}', 'OMNI_MESSAGE_INVALID'],
  ['an answer with a fraction as id', '{"jsonrpc":"2.0","id":1.5,"result":{}}', 'OMNI_MESSAGE_INVALID'],
  ['an error with a fraction as id', '{"jsonrpc":"2.0","id":1.5,"error":{}}', 'OMNI_MESSAGE_INVALID'],
  ['an error that is no object', '{"jsonrpc":"2.0","id":1,"error":"no"}', 'OMNI_MESSAGE_INVALID', '1'],
  ['an error that is null', '{"jsonrpc":"2.0","id":1,"error":null}', 'OMNI_MESSAGE_INVALID', '1'],
  ['an empty method', '{"jsonrpc":"2.0","id":1,"method":""}', 'OMNI_MESSAGE_INVALID', '1'],
  ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":1}', 'OMNI_MESSAGE_INVALID', '1'],
  ['a method that is null', '{"jsonrpc":"2.0","id":1,"method":null}', 'OMNI_MESSAGE_INVALID', '1'],
  ['params as an array', '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', 'OMNI_MESSAGE_INVALID', '1'],
  [
    'params as a string',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":"{}"}',
    'OMNI_MESSAGE_INVALID',
    '1',
  ],
  ['params null', '{"jsonrpc":"2.0","id":1,"method":"ping","params":null}', 'OMNI_MESSAGE_INVALID', '1'],
];

const H12_PLACES: readonly (readonly [place: string, wrap: (json: string) => string])[] = [
  [
    'arguments',
    (json) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":${json}}}`,
  ],
  ['_meta', (json) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":${json}}}`],
  ['structuredContent', (json) => `{"jsonrpc":"2.0","id":1,"result":{"structuredContent":${json}}}`],
];

const H13: readonly (readonly [what: string, json: () => string])[] = [
  ['four megabytes of empty objects', () => `[${'{},'.repeat(1_398_000)}{}]`],
  ['a million keys', () => `{${Array.from({ length: 1_000_000 }, (_, index) => `"${index}":0`).join(',')}}`],
  ['a million numbers', () => `[${'1,'.repeat(999_999)}1]`],
  ['one value more than allowed', () => `[${'1,'.repeat(LIMITS.maxElements)}1]`],
];

describe('parseMessage', () => {
  it.each(['1.0', '1e0', '1.2E+1', '"1"', '100000000000000.0'])(
    'takes %s for the id of an answer, which repeats an integer',
    (id) => {
      const text = `{"jsonrpc":"2.0","id":${id},"result":{}}`;
      expect(parseMessage(text, LIMITS)).toMatchObject({ kind: 'response', id });
    },
  );

  it.each(['1.25', '15e-1', '1e99', '1.5e0'])('takes %s for no id of an answer', (id) => {
    const text = `{"jsonrpc":"2.0","id":${id},"result":{}}`;
    expect(parseMessage(text, LIMITS)).toMatchObject({ kind: 'rejected' });
  });

  it.each(H01)('H01: refuses %s', (_what, text, code) => {
    expect(rejection(parseMessage(text, LIMITS))).toEqual({ code, id: 'null' });
  });

  it('H01: hands the items of a batch out as they are, for each to be judged alone', () => {
    const batch = parseMessage('[1, "x" ,{"a":1.0}]', LIMITS);
    expect(batch).toEqual({ kind: 'batch', items: ['1', '"x"', '{"a":1.0}'] });
    const codes = batch.kind === 'batch' && batch.items.map((item) => rejection(parseMessage(item, LIMITS)));
    expect(codes).toEqual(Array.from({ length: 3 }, () => ({ code: 'OMNI_MESSAGE_INVALID', id: 'null' })));
  });

  it('H02: refuses a request that is cut at any character', () => {
    expect(parseMessage(CALL, LIMITS).kind).toBe('request');
    for (let length = 0; length < CALL.length; length++) {
      expect(rejection(parseMessage(CALL.slice(0, length), LIMITS))).toEqual({
        code: 'OMNI_JSON_INVALID',
        id: 'null',
      });
    }
  });

  it.each(H03)('H03: refuses a message with %s', (_what, text, code) => {
    expect(rejection(parseMessage(text, LIMITS))).toEqual({ code, id: 'null' });
  });

  it.each(H06)('H06: refuses the key that stands twice: %s', (_what, text, code) => {
    expect(rejection(parseMessage(text, LIMITS))).toEqual({ code, id: 'null' });
  });

  it('H06: leaves keys that stand twice inside arguments to whom they belong', () => {
    const text =
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":1,"a":2}}}';
    const message = messageOf(parseMessage(text, LIMITS));
    expect(rawOf(message, message.params?.members[1])).toBe('{"a":1,"a":2}');
  });

  // guard: json/key-case
  it.each(H07)('H07: does not take the key %s for the one it resembles', (_what, text, code, id) => {
    expect(rejection(parseMessage(text, LIMITS))).toEqual({ code, id });
  });

  it.each(['PARAMS', 'paramſ', 'Params', 'params '])('H07: does not take the key %s for params', (key) => {
    expect(
      messageOf(
        parseMessage(`{"jsonrpc":"2.0","id":1,"method":"ping",${JSON.stringify(key)}:{"name":"x"}}`, LIMITS),
      ).params,
    ).toBeUndefined();
  });

  it('H07: does not take the Kelvin sign for a letter', () => {
    const message = messageOf(
      parseMessage('{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"to\u212Aen":1}}}', LIMITS),
    );
    expect(metaOf(message)?.members.map((member) => member.key)).toEqual(['to\u212Aen']);
  });

  // guard: message/id-length, message/id-type
  it.each(H09_BAD)('H09: refuses an id that is %s', (_what, id) => {
    const text = `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;
    expect(rejection(parseMessage(text, LIMITS))).toEqual({ code: 'OMNI_MESSAGE_INVALID', id: 'null' });
  });

  it.each(H09_GOOD)('H09: keeps an id that is %s as it was sent', (_what, id) => {
    expect(parseMessage(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`, LIMITS)).toMatchObject({
      kind: 'request',
      id,
      method: 'ping',
    });
    expect(parseMessage(`{"jsonrpc":"2.0","id": ${id} ,"result":{}}`, LIMITS)).toMatchObject({
      kind: 'response',
      id,
    });
    expect(rejection(parseMessage(`{"jsonrpc":"2.0","id":${id}}`, LIMITS))).toEqual({
      code: 'OMNI_MESSAGE_INVALID',
      id,
    });
  });

  // guard: message/version, message/result-and-error, message/request-and-answer, message/params
  it.each(H10)('H10: refuses %s', (_what, text, code, id = 'null') => {
    expect(rejection(parseMessage(text, LIMITS))).toEqual({ code, id });
  });

  it.each(H12_PLACES)('H12: allows 64 levels in %s and not one more', (_place, wrap) => {
    for (const depth of [10, 64]) {
      for (const json of [nestedArrays(depth), nestedObjects(depth)])
        expect(parseMessage(wrap(json), LIMITS).kind).not.toBe('rejected');
    }
    for (const depth of [65, 1_000, 100_000, 1_000_000]) {
      for (const json of [nestedArrays(depth), nestedObjects(depth)]) {
        expect(rejection(parseMessage(wrap(json), LIMITS))).toEqual({
          code: 'OMNI_MESSAGE_TOO_COMPLEX',
          id: 'null',
        });
      }
    }
  });

  it('H12: says how many levels are allowed', () => {
    const parsed = parseMessage('['.repeat(100), LIMITS);
    expect(parsed.kind === 'rejected' && parsed.error.message).toContain('at most 64 levels');
  });

  it.each(H13)('H13: refuses arguments of %s', (_what, json) => {
    const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":${json()}}}`;
    expect(rejection(parseMessage(text, LIMITS))).toEqual({ code: 'OMNI_MESSAGE_TOO_COMPLEX', id: 'null' });
  });

  it('H13: takes a key of 100 000 characters and a string of a million', () => {
    const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"${'k'.repeat(100_000)}":"${' a'.repeat(500_000)}"}}`;
    expect(messageOf(parseMessage(text, LIMITS)).params?.members[0]?.key).toHaveLength(100_000);
  });

  it('tells request, notification and response apart', () => {
    expect(parseMessage('{"jsonrpc":"2.0","id":1,"method":"ping"}', LIMITS)).toMatchObject({
      kind: 'request',
      id: '1',
      method: 'ping',
    });
    expect(parseMessage('{"jsonrpc":"2.0","method":"x"}', LIMITS)).toMatchObject({
      kind: 'notification',
      id: '',
      method: 'x',
    });
    expect(parseMessage('{"jsonrpc":"2.0","id":1,"result":null}', LIMITS)).toMatchObject({
      kind: 'response',
      id: '1',
      method: '',
    });
    expect(parseMessage('{"jsonrpc":"2.0","id":1,"error":{"code":1}}', LIMITS)).toMatchObject({
      kind: 'response',
      id: '1',
      result: undefined,
    });
  });

  it.each(['"id":null,', ''])('takes an error about a request that nobody could read, with %j', (id) => {
    expect(parseMessage(`{"jsonrpc":"2.0",${id}"error":{"code":-32700,"message":""}}`, LIMITS)).toMatchObject(
      {
        kind: 'response',
        id: 'null',
      },
    );
  });

  it('finds method and version behind escapes, and params at any place', () => {
    const text =
      '{"params":{"a":1},"\\u006dethod":"t\\u006fols/call","id":1,"jsonrpc":"2\\u002e0","extra":[]}';
    const message = messageOf(parseMessage(text, LIMITS));
    expect(message.method).toBe('tools/call');
    expect(message.params?.members.map((member) => member.key)).toEqual(['a']);
  });

  it('gives the parts of a call as they were sent', () => {
    const message = messageOf(parseMessage(CALL, LIMITS));
    expect(message.text).toBe(CALL);
    expect(message.params?.members.map((member) => rawOf(message, member))).toEqual([
      '"fs__read"',
      '{"path":"/ä","n":1.0,"deep":[{"x":-0}]}',
      '{"progressToken":"p-1"}',
    ]);
    expect(rawOf(message, metaOf(message)?.members[0])).toBe('"p-1"');
    expect(rawOf(message, undefined)).toBeUndefined();
  });

  it('records the members of a result and of its _meta', () => {
    const message = messageOf(
      parseMessage('{"jsonrpc":"2.0","id":1,"result":{"content":[],"_meta":{"k":1}}}', LIMITS),
    );
    expect(message.result?.object?.members.map((member) => member.key)).toEqual(['content', '_meta']);
    expect(message.result?.object?.members[1]?.object?.members.map((member) => member.key)).toEqual(['k']);
  });

  it('has no _meta when params has none or one that is no object', () => {
    for (const params of ['', ',"params":{}', ',"params":{"_meta":1}', ',"params":{"_meta":null}']) {
      expect(
        metaOf(messageOf(parseMessage(`{"jsonrpc":"2.0","id":1,"method":"ping"${params}}`, LIMITS))),
      ).toBeUndefined();
    }
  });

  it('never quotes the message in an error', () => {
    for (const text of [
      '{"canary',
      '{"canary":1,"canary":2}',
      '{"jsonrpc":"canary"}',
      '"canary"',
      '{"jsonrpc":"2.0","id":{"canary":1},"method":"x"}',
    ]) {
      const parsed = parseMessage(text, LIMITS);
      expect(
        parsed.kind === 'rejected' && `${parsed.error.message}${JSON.stringify(parsed.error.data)}`,
      ).not.toContain('canary');
    }
  });
});

function rejection(parsed: Parsed): { code: string; id: string } {
  return parsed.kind === 'rejected'
    ? { code: parsed.error.code, id: parsed.id }
    : { code: `accepted as ${parsed.kind}`, id: '' };
}

function messageOf(parsed: Parsed): RpcMessage {
  if (parsed.kind === 'rejected' || parsed.kind === 'batch') throw new TypeError(`parsed as ${parsed.kind}`);
  return parsed;
}

function nestedArrays(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

function nestedObjects(depth: number): string {
  return `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`;
}
