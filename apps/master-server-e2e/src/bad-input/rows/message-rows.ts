import { callText, echoed, ENVELOPE, modernPost, requestText, legacyPost } from '../request-bytes.ts';
import { anyOf, exact, refused, served, type ByteCase, type Row } from '../row.ts';

const INVALID = refused('OMNI_MESSAGE_INVALID');
const NOT_JSON = refused('OMNI_JSON_INVALID');
const EITHER = refused('OMNI_JSON_INVALID', 'OMNI_MESSAGE_INVALID');
const TOO_COMPLEX = refused('OMNI_MESSAGE_TOO_COMPLEX');
const VALID = callText();

function post(name: string, body: string | Buffer, expect: ByteCase['expect']): ByteCase {
  return { name, bytes: () => modernPost(body), expect };
}

/** A call with something in place of the text `HERE` of its arguments, as bytes. */
function withBytes(bytes: readonly number[]): Buffer {
  const [before = '', after = ''] = callText({ args: echoed('"HERE"') }).split('HERE');
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
}

function echoes(name: string, json: string): ByteCase {
  return post(name, callText({ args: echoed(json) }), exact(`"v":${json},">>":0}`));
}

function nested(depth: number, open = '[', close = ']'): string {
  return open.repeat(depth) + close.repeat(depth);
}

const twice = (text: string, member: string): string => text.replace(member, `${member},${member}`);

/** What is wrong with the bytes of a message. */
export const MESSAGE_ROWS: readonly Row[] = [
  {
    id: 'H01',
    title: 'bodies that are no object',
    cases: [
      post('empty body', '', NOT_JSON),
      post('whitespace', ' \r\n\t ', NOT_JSON),
      post('byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(VALID)]), NOT_JSON),
      post('null', 'null', INVALID),
      post('number', '42', INVALID),
      post('string', '"x"', INVALID),
      post('empty array', '[]', INVALID),
      post('array of a number', '[1]', refused('OMNI_MESSAGE_INVALID', 'OMNI_SESSION_REQUIRED')),
      {
        name: 'id null in the answer',
        bytes: () => modernPost('null'),
        expect: { kind: 'refused', codes: ['OMNI_MESSAGE_INVALID'], id: 'null' },
      },
    ],
    note: 'An array is a batch of the one revision that has batches, so without its session the session is what is missing.',
  },
  {
    id: 'H02',
    title: 'a valid request cut at every byte',
    cases: Array.from({ length: Buffer.byteLength(VALID) }, (_, offset) =>
      post(`offset ${offset}`, VALID.slice(0, offset), NOT_JSON),
    ),
  },
  {
    id: 'H03',
    title: 'more than one message in a body',
    cases: [
      post('trailing garbage', `${VALID}x`, NOT_JSON),
      post('trailing bracket', `${VALID}}`, NOT_JSON),
      post('trailing NUL', `${VALID}\0`, NOT_JSON),
      post('two messages', VALID + VALID, NOT_JSON),
      post('a message per line', `${VALID}\n${VALID}\n`, NOT_JSON),
    ],
  },
  {
    id: 'H04',
    title: 'bodies that are not UTF-8',
    cases: [
      post('overlong slash', withBytes([0xc0, 0xaf]), NOT_JSON),
      post('overlong NUL', withBytes([0xe0, 0x80, 0x80]), NOT_JSON),
      post('lone continuation', withBytes([0x80]), NOT_JSON),
      post('cut sequence', withBytes([0xe2, 0x82]), NOT_JSON),
      post('high surrogate', withBytes([0xed, 0xa0, 0x80]), NOT_JSON),
      post('surrogate pair', withBytes([0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]), NOT_JSON),
      post('beyond U+10FFFF', withBytes([0xf5, 0x80, 0x80, 0x80]), NOT_JSON),
      post('0xff', withBytes([0xff]), NOT_JSON),
      post('in the name', Buffer.from(callText({ name: '"echo__echo\xff"' }), 'latin1'), NOT_JSON),
      post('UTF-16LE', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(VALID, 'utf16le')]), NOT_JSON),
      post(
        'UTF-16BE',
        Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(VALID, 'utf16le').swap16()]),
        NOT_JSON,
      ),
      post('UTF-16LE without mark', Buffer.from(VALID, 'utf16le'), NOT_JSON),
      post('UTF-32LE', Buffer.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0, 0x7d, 0, 0, 0]), NOT_JSON),
      echoes('valid characters of every length', '"é€😀\u{10ffff}"'),
    ],
  },
  {
    id: 'H05',
    title: 'escapes',
    cases: [
      echoes('lone surrogate', '"\\ud800"'),
      echoes('reversed surrogates', '"\\udc00\\ud800"'),
      echoes('NUL', '"\\u0000a\\u0000"'),
      echoes('a key of escapes', '{"\\u0061\\u0000":"\\u002f\\/"}'),
      echoes('a megabyte of escapes', `"${'\\u00e9'.repeat(174_763)}"`),
      echoes('a megabyte of backslashes', `"${'\\\\'.repeat(524_288)}"`),
      post(
        'lone surrogate in the name',
        callText({ name: '"echo__echo\\ud800"' }),
        refused('OMNI_HEADER_MISMATCH'),
      ),
      post('escapes that spell the name', callText({ name: '"echo__\\u0065cho"' }), served()),
      post('raw line break in a string', callText({ args: '{"a":"\n"}' }), NOT_JSON),
      post('unknown escape', callText({ args: '{"a":"\\x"}' }), NOT_JSON),
    ],
  },
  {
    id: 'H06',
    title: 'keys that stand twice',
    cases: [
      post('jsonrpc', twice(VALID, '"jsonrpc":"2.0"'), INVALID),
      post('id', twice(VALID, '"id":7'), INVALID),
      post('method', twice(VALID, '"method":"tools/call"'), INVALID),
      post('method by an escape', VALID.replace('"method"', '"\\u006dethod":"ping","method"'), INVALID),
      post('params', `${VALID.slice(0, -1)},"params":{}}`, INVALID),
      post('name', twice(VALID, '"name":"echo__echo"'), INVALID),
      post('name by an escape', VALID.replace('"name"', '"n\\u0061me":"echo__hold","name"'), INVALID),
      post('arguments', VALID.replace('"arguments"', '"arguments":{},"arguments"'), INVALID),
      post('_meta', VALID.replace('"_meta"', '"_meta":{},"_meta"'), INVALID),
      post(
        'the version in _meta',
        VALID.replace(ENVELOPE, `${ENVELOPE},"io.modelcontextprotocol/protocolVersion":"2026-07-28"`),
        INVALID,
      ),
      echoes('in the arguments, which are the business of the server', '{"a":1,"a":2}'),
    ],
  },
  {
    id: 'H07',
    title: 'keys in other letters',
    cases: [
      post('Method', VALID.replace('"method"', '"Method"'), INVALID),
      post('METHOD', VALID.replace('"method"', '"METHOD"'), INVALID),
      post('Jsonrpc', VALID.replace('"jsonrpc"', '"Jsonrpc"'), INVALID),
      post('PARAMS', VALID.replace('"params"', '"PARAMS"'), refused('OMNI_PARAMS_INVALID')),
      post('params with a long s', VALID.replace('"params"', '"paramſ"'), refused('OMNI_PARAMS_INVALID')),
      post('_Meta', VALID.replace('"_meta"', '"_Meta"'), refused('OMNI_PARAMS_INVALID')),
      post('Name', VALID.replace('"name"', '"Name"'), refused('OMNI_PARAMS_INVALID')),
      post('ID: a notification, which is not carried out', VALID.replace('"id"', '"ID"'), served(202)),
      post(
        'a Kelvin sign in a key that is nobody else’s',
        VALID.replace(ENVELOPE, `${ENVELOPE},"progressToKen":1`),
        exact('"v":1,">>":0}'),
      ),
    ],
  },
  {
    id: 'H10',
    title: 'envelopes that are no request',
    cases: [
      post('no jsonrpc', VALID.replace('"jsonrpc":"2.0",', ''), INVALID),
      post('jsonrpc 1.0', VALID.replace('"2.0"', '"1.0"'), INVALID),
      post('jsonrpc as a number', VALID.replace('"2.0"', '2.0'), INVALID),
      post('jsonrpc by an escape is still 2.0', VALID.replace('"2.0"', '"2\\u002e0"'), served()),
      post('neither method nor answer', '{"jsonrpc":"2.0","id":7}', INVALID),
      post('method and result', `${VALID.slice(0, -1)},"result":{}}`, INVALID),
      post(
        'result and error',
        '{"jsonrpc":"2.0","id":7,"result":{},"error":{"code":1,"message":""}}',
        INVALID,
      ),
      post(
        'a response, which clients of this era never send',
        '{"jsonrpc":"2.0","id":7,"result":{"_meta":{}}}',
        refused('OMNI_MESSAGE_INVALID', 'OMNI_SESSION_REQUIRED'),
      ),
      post('method empty', VALID.replace('"tools/call"', '""'), INVALID),
      post('method as an object', VALID.replace('"tools/call"', '{}'), INVALID),
      post('params as an array', '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":[]}', INVALID),
      {
        name: 'a response that nobody asked for in a session',
        run: async ({ open }) => {
          const session = await open();
          const { answers } = await session.post('{"jsonrpc":"2.0","id":"omni-1","result":{}}');
          return answers[0]?.status === 202 ? [] : [`expected 202, got ${answers[0]?.status}`];
        },
      },
    ],
    note: 'A bare response carries no sign of an era; in a legacy session it is dropped with 202, elsewhere the session is missing.',
  },
  {
    id: 'H12',
    title: 'depth',
    withinMs: 1_000,
    cases: [
      echoes('10 levels', nested(10)),
      echoes('64 levels, the arguments being the first', nested(63)),
      post('65 levels', callText({ args: echoed(nested(64)) }), TOO_COMPLEX),
      post(
        '65 levels of objects',
        callText({ args: echoed(`${'{"a":'.repeat(64)}1${'}'.repeat(64)}`) }),
        TOO_COMPLEX,
      ),
      post('1,000 levels', callText({ args: echoed(nested(1_000)) }), TOO_COMPLEX),
      post('100,000 levels', callText({ args: echoed(nested(100_000)) }), TOO_COMPLEX),
      post('1,000,000 levels', callText({ args: echoed(nested(1_000_000)) }), TOO_COMPLEX),
      post('1,000,000 brackets that nobody closes', '['.repeat(1_000_000), TOO_COMPLEX),
      post('600,000 objects that nobody closes', '{"a":'.repeat(600_000), TOO_COMPLEX),
      post('in _meta', callText({ meta: `,"x":${nested(1_000)}` }), TOO_COMPLEX),
      post('64 levels in _meta', callText({ meta: `,"x":${nested(62)}` }), served()),
      post('outside of the parameters', `${VALID.slice(0, -1)},"x":${nested(100_000)}}`, TOO_COMPLEX),
      post('in the id', VALID.replace('"id":7', `"id":${nested(100_000)}`), TOO_COMPLEX),
    ],
  },
  {
    id: 'H13',
    title: 'many values',
    withinMs: 3_000,
    cases: [
      post('4 MiB of empty objects', callText({ args: `{"a":[${'{},'.repeat(1_398_000)}{}]}` }), TOO_COMPLEX),
      post(
        '300,000 keys',
        callText({ args: `{${Array.from({ length: 300_000 }, (_, key) => `"k${key}":1`).join(',')}}` }),
        TOO_COMPLEX,
      ),
      post('a million numbers', callText({ args: `{"a":[${'1,'.repeat(999_999)}1]}` }), TOO_COMPLEX),
      post(
        '300,000 keys of the envelope',
        `{${Array.from({ length: 300_000 }, (_, key) => `"k${key}":1`).join(',')}}`,
        TOO_COMPLEX,
      ),
      echoes('90,000 values', `[${'1,'.repeat(89_999)}1]`),
      echoes('a key of 100,000 characters', `{"${'k'.repeat(100_000)}":1}`),
      echoes('a number of 100,000 digits', '9'.repeat(100_000)),
      echoes('numbers that no double holds', '[1e400,-0,9007199254740993,1.0,1E+2,0.1000]'),
      {
        name: 'memory after ten of the largest',
        run: async ({ send, memory }) => {
          const body = callText({ args: `{"a":[${'{},'.repeat(1_398_000)}{}]}` });
          const before = memory();
          for (let round = 0; round < 10; round++) await send(modernPost(body));
          const grownMiB = (memory() - before) / 1_048_576;
          // 40 MiB of input; what is collected late counts too, a tree of the values would take a gigabyte.
          return grownMiB < 200 ? [] : [`resident memory grew by ${Math.round(grownMiB)} MiB`];
        },
      },
    ],
  },
  {
    id: 'H32',
    title: 'methods and names that do not exist',
    cases: [
      unknownMethod('unknown', 'tools/frobnicate'),
      unknownMethod('rpc.', 'rpc.discover'),
      unknownMethod('of the other era', 'ping'),
      unknownMethod('of the other side', 'sampling/createMessage'),
      unknownMethod('a notification with an id', 'notifications/initialized'),
      unknownMethod('with a slash too much', 'tools/call/'),
      unknownMethod('a prototype member', '__proto__'),
      post(
        'a call without an id is a notification and not carried out',
        VALID.replace('"id":7,', ''),
        served(202),
      ),
      post('without a name', VALID.replace('"name":"echo__echo",', ''), refused('OMNI_PARAMS_INVALID')),
      post('name as a number', callText({ name: '7' }), refused('OMNI_PARAMS_INVALID')),
      ...[
        'nobody__knows',
        'echo__',
        '__echo',
        'echo/../echo',
        '..',
        'echo__nothing',
        'server__echo',
        'ECHO__ECHO',
        'valueOf',
        'hasOwnProperty',
      ].map((name) => unknownName(name)),
      post(
        'name of a megabyte, which no header can repeat',
        callText({ name: `"${'n'.repeat(1_048_576)}"` }),
        refused('OMNI_HEADER_MISMATCH'),
      ),
      post('name with NUL', callText({ name: '"echo__echo\\u0000"' }), refused('OMNI_HEADER_MISMATCH')),
      {
        name: 'in a session, where no headers repeat names',
        run: async ({ open }) => {
          const session = await open();
          const problems: string[] = [];
          for (const name of [`"${'n'.repeat(1_048_576)}"`, '"\\u0000"', '"../../etc"', '"valueOf"', '""']) {
            const answer = await session.ask(
              `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":${name}}}`,
            );
            if (!/"code":"OMNI_NAME_UNKNOWN"/.test(answer) || answer.length > 2_000)
              problems.push(`${name.slice(0, 20)}: ${answer.slice(0, 200)}`);
          }
          const method = await session.ask('{"jsonrpc":"2.0","id":1,"method":"rpc.x"}');
          return method.includes('-32601') ? problems : [...problems, `rpc.x: ${method}`];
        },
      },
    ],
  },
];

function unknownMethod(name: string, method: string): ByteCase {
  const bytes = modernPost(requestText(method), [
    ['Mcp-Method', method],
    ['Mcp-Name', undefined],
  ]);
  return { name: `method ${name}`, bytes, expect: refused('OMNI_METHOD_UNKNOWN') };
}

function unknownName(name: string): ByteCase {
  return {
    name: `name ${name}`,
    bytes: modernPost(callText({ name: JSON.stringify(name) }), [['Mcp-Name', name]]),
    expect: refused('OMNI_NAME_UNKNOWN'),
  };
}

/** What no era can read at all, sent without headers of an era. */
export const BARE_ROW: Row = {
  id: 'H01',
  title: 'the same without headers of the modern era',
  cases: ['', ' ', 'null', '42', '"x"', '[]', '{}', '{'].map((body) => ({
    name: JSON.stringify(body),
    bytes: legacyPost(body),
    expect: anyOf(EITHER),
  })),
};
