import { describe, expect, it } from '@jest/globals';
import { messageOf } from '../router.fixture.ts';
import { toLegacyAnswer, toModernAnswer } from './bridge-answer.ts';

const INFO = '"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"up"}}';

function legacy(members: string, wrapsOutput = false): string {
  return toLegacyAnswer(messageOf(`{"jsonrpc":"2.0","id":4711,${members}}`), '"c"', 'files', wrapsOutput)
    .text;
}

function modern(
  members: string,
  method = 'tools/call',
  serverInfo: string | undefined = '{"name":"up"}',
): string {
  return toModernAnswer(messageOf(`{"jsonrpc":"2.0","id":4711,${members}}`), '"c"', method, serverInfo).text;
}

function answered(result: string): string {
  return `{"jsonrpc":"2.0","id":"c","result":${result}}`;
}

describe('toLegacyAnswer', () => {
  // guard: era/modern-members
  it.each([
    ['an empty result', '{}', '{}'],
    ['a result without modern members', '{ "content":[ ],"n":1.0e2 }', '{ "content":[ ],"n":1.0e2 }'],
    [
      'the three modern members',
      '{"resultType":"complete","content":[ ],"ttlMs":1,"n":1.0e2,"cacheScope":"private"}',
      '{"content":[ ],"n":1.0e2}',
    ],
    [
      'foreign members and _meta',
      '{"resultType":"complete","x":{"resultType":1},"_meta":{"k":1.0}}',
      '{"x":{"resultType":1},"_meta":{"k":1.0}}',
    ],
    [
      'who it comes from and nothing else',
      `{"resultType":"complete","content":[ ],${INFO}}`,
      '{"content":[ ]}',
    ],
    [
      'who it comes from, which this era says once',
      `{"resultType":"complete","content":[ ],${INFO.replace('{"io', '{"k":1.0,"io')}}`,
      '{"content":[ ],"_meta":{"k":1.0}}',
    ],
    [
      'structured content that is an object',
      '{"content":[],"structuredContent":{"a":1.0}}',
      '{"content":[],"structuredContent":{"a":1.0}}',
    ],
  ])('projects %s', (_what, result, sent) => {
    expect(legacy(`"result":${result}`)).toBe(answered(sent));
  });

  it.each([
    [
      'an array, as its schema says',
      '{"resultType":"complete","content":[{"type":"text","text":"t"}],"structuredContent":[1.0]}',
      true,
      '{"content":[{"type":"text","text":"t"}],"structuredContent":{"result":[1.0]}}',
    ],
    [
      'an object, as its schema says',
      '{"content":[{"type":"text","text":"t"}],"structuredContent":{"a":1}}',
      true,
      '{"content":[{"type":"text","text":"t"}],"structuredContent":{"result":{"a":1}}}',
    ],
    [
      'null',
      '{"content":[],"structuredContent":null}',
      true,
      '{"content":[{"type":"text","text":"null"}],"structuredContent":{"result":null}}',
    ],
    [
      'a text without content',
      '{"structuredContent":"\\"x"}',
      true,
      '{"content":[{"type":"text","text":"\\"\\\\\\"x\\""}],"structuredContent":{"result":"\\"x"}}',
    ],
    [
      'an array that no schema announced',
      '{"content":[],"structuredContent":[1]}',
      false,
      '{"content":[{"type":"text","text":"[1]"}],"structuredContent":{"result":[1]}}',
    ],
  ])('wraps structured content: %s', (_what, result, wrapsOutput, sent) => {
    expect(JSON.parse(legacy(`"result":${result}`, wrapsOutput))).toEqual(JSON.parse(answered(sent)));
    expect(legacy(`"result":${result}`, wrapsOutput).length).toBe(answered(sent).length);
  });

  it('leaves a wrapping tool without structured content alone', () => {
    expect(legacy('"result":{"content":[],"isError":true}', true)).toBe(
      answered('{"content":[],"isError":true}'),
    );
  });

  // guard: era/input-required
  it.each(['input_required', 'task', 'x'.repeat(100)])(
    'never shows a legacy client the result type %.20s',
    (type) => {
      const answer = JSON.parse(
        legacy(`"result":{"resultType":"${type}","inputRequests":{"k":{}},"content":[]}`),
      );
      expect(answer).toMatchObject({ id: 'c', error: { code: -31040, data: { code: 'OMNI_UPSTREAM_ERA' } } });
      expect(answer.result).toBeUndefined();
      expect(answer.error.message.length < 200).toBe(true);
    },
  );

  // guard: era/envelope-errors
  it.each([-32020, -32021, -32022])('hides the error %i, which is not about what the client sent', (code) => {
    const answer = JSON.parse(
      legacy(`"error":{"code":${code},"message":"m","data":{"requiredCapabilities":{"sampling":{}}}}`),
    );
    expect(answer).toMatchObject({
      id: 'c',
      error: { code: -31040, message: 'Server "files" refused the request as Omni translated it: m' },
    });
  });

  it.each([-32601, -32602, -32603, 7])('passes the error %i on as it is', (code) => {
    expect(legacy(`"error":{"code":${code}, "message":"m","data":[ ]}`)).toBe(
      `{"jsonrpc":"2.0","id":"c","error":{"code":${code}, "message":"m","data":[ ]}}`,
    );
  });

  it('passes a result on that is no object', () => {
    expect(legacy('"result":[ ]')).toBe(answered('[ ]'));
  });
});

describe('toModernAnswer', () => {
  it.each([
    ['an empty result', 'tools/call', '{}', `{"resultType":"complete","content":[],${INFO}}`],
    [
      'structured content alone',
      'tools/call',
      '{"structuredContent":{"n":1.0}}',
      `{"resultType":"complete","content":[],${INFO},"structuredContent":{"n":1.0}}`,
    ],
    [
      'content that is null',
      'tools/call',
      '{ "content" : null }',
      `{"resultType":"complete",${INFO}, "content" : [] }`,
    ],
    ['an empty prompt', 'prompts/get', '{}', `{"resultType":"complete",${INFO}}`],
    [
      'a result',
      'tools/call',
      '{ "content":[ ],"n":1.0e2 }',
      `{"resultType":"complete",${INFO}, "content":[ ],"n":1.0e2 }`,
    ],
    [
      'a read',
      'resources/read',
      '{"contents":[]}',
      `{"resultType":"complete","ttlMs":0,"cacheScope":"private",${INFO},"contents":[]}`,
    ],
    [
      'a read with hints of its own',
      'resources/read',
      '{"ttlMs":5,"cacheScope":"public"}',
      `{"resultType":"complete",${INFO},"ttlMs":5,"cacheScope":"public"}`,
    ],
    [
      'a result type of its own',
      'tools/call',
      '{"resultType":"x"}',
      `{"content":[],${INFO},"resultType":"x"}`,
    ],
    [
      'foreign _meta',
      'tools/call',
      '{"_meta":{"k":1.0}}',
      `{"resultType":"complete","content":[],"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"up"},"k":1.0}}`,
    ],
    ['an empty _meta', 'prompts/get', '{"_meta":{}}', `{"resultType":"complete",${INFO}}`],
    [
      'server info of its own',
      'prompts/get',
      '{"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"own"}}}',
      '{"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"own"}}}',
    ],
    ['a _meta of another type', 'prompts/get', '{"_meta":null}', '{"resultType":"complete","_meta":null}'],
  ])('adds what the modern era requires to %s', (_what, method, result, sent) => {
    expect(modern(`"result":${result}`, method)).toBe(answered(sent));
  });

  it('adds no server info when the server gave none', () => {
    expect(
      toModernAnswer(messageOf('{"jsonrpc":"2.0","id":4711,"result":{}}'), '"c"', 'tools/call', undefined)
        .text,
    ).toBe(answered('{"resultType":"complete","content":[]}'));
  });

  it('turns the old code of a missing resource into the one in force [PROTO-R15]', () => {
    expect(modern('"error":{ "message":"m","code" : -32002,"data":{"uri":"file:///a","n":1.0} }')).toBe(
      '{"jsonrpc":"2.0","id":"c","error":{ "message":"m","code" : -32602,"data":{"uri":"file:///a","n":1.0} }}',
    );
  });

  it.each(['"error":{"code":-32603,"message":"m","x":1.0}', '"error":{"message":"m"}', '"result":[ ]'])(
    'passes %s on as it is',
    (members) => {
      expect(modern(members)).toBe(`{"jsonrpc":"2.0","id":"c",${members}}`);
    },
  );
});
