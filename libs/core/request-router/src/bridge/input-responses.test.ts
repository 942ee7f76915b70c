import { describe, expect, it } from '@jest/globals';
import { messageOf, requestOf } from '../router.fixture.ts';
import {
  inputRequest,
  inputRequiredText,
  serverRequestOf,
  readInputResponses,
  requiredElicitations,
} from './input-responses.ts';

describe('inputRequest', () => {
  it.each([
    [
      'a form, byte for byte',
      'elicitation/create',
      '{"mode":"form", "n":1.0}',
      '{"method":"elicitation/create","params":{"mode":"form", "n":1.0}}',
    ],
    [
      'a page without its id',
      'elicitation/create',
      '{"mode":"url","elicitationId":"e","url":"https://a/"}',
      '{"method":"elicitation/create","params":{"mode":"url","url":"https://a/"}}',
    ],
    [
      'no progress token',
      'sampling/createMessage',
      '{"_meta":{"progressToken":7},"n":1.0}',
      '{"method":"sampling/createMessage","params":{"n":1.0}}',
    ],
    [
      'other metadata',
      'sampling/createMessage',
      '{"_meta":{"progressToken":7,"a/b":1.0}}',
      '{"method":"sampling/createMessage","params":{"_meta":{"a/b":1.0}}}',
    ],
    ['no parameters', 'roots/list', '', '{"method":"roots/list"}'],
  ])('has %s', (_what, method, params, expected) => {
    expect(inputRequest(serverRequestOf(requestOf(method, params)))).toBe(expected);
  });
});

describe('inputRequiredText', () => {
  it('is a result with the entries, the state and who it comes from', () => {
    const text = inputRequiredText('"i"', new Map([['q1', '{"method":"roots/list"}']]), 'st', '{"name":"s"}');
    expect(JSON.parse(text)).toEqual({
      jsonrpc: '2.0',
      id: 'i',
      result: {
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 's' } },
        resultType: 'input_required',
        inputRequests: { q1: { method: 'roots/list' } },
        requestState: 'st',
      },
    });
    expect(inputRequiredText('1', new Map(), 's', undefined)).not.toContain('_meta');
  });
});

describe('readInputResponses', () => {
  it('gives each object as it came and leaves out everything else', () => {
    const message = requestOf(
      'tools/call',
      '{"inputResponses":{"q1":{"n":1.0, "big":9007199254740993},"q2":null,"q3":[],"q4":"x","":{}}}',
    );
    expect([...readInputResponses(message)]).toEqual([
      ['q1', '{"n":1.0, "big":9007199254740993}'],
      ['', '{}'],
    ]);
  });

  it.each(['{}', '{"inputResponses":[]}', '{"inputResponses":7}', '{"inputResponses":{"a":{},"a":{}}}'])(
    'finds nothing in %s',
    (params) => {
      expect([...readInputResponses(requestOf('tools/call', params))]).toEqual([]);
    },
  );
});

describe('requiredElicitations', () => {
  const error = (code: number, data: string): ReturnType<typeof messageOf> =>
    messageOf(`{"jsonrpc":"2.0","id":1,"error":{"code":${code},"message":"m","data":${data}}}`);
  const PAGE = '{"mode":"url","message":"m","elicitationId":"e","url":"https://a/"}';

  it('gives the pages of the error that asks for them', () => {
    expect(requiredElicitations(error(-32042, `{"elicitations":[${PAGE},${PAGE}]}`))).toEqual([
      { method: 'elicitation/create', params: PAGE },
      { method: 'elicitation/create', params: PAGE },
    ]);
  });

  it.each([
    [-32041, `{"elicitations":[${PAGE}]}`],
    [-32042, 'null'],
    [-32042, '{}'],
    [-32042, '{"elicitations":{}}'],
    [-32042, '{"elicitations":[]}'],
    [-32042, `{"elicitations":[${PAGE},1]}`],
    [-32042, '{"elicitations":[{"mode":"form"}]}'],
    [-32042, '{"elicitations":[{"mode":"url"}]}'],
  ])('finds none in error %d with %s', (code, data) => {
    expect(requiredElicitations(error(code, data))).toEqual([]);
  });

  // guard: rounds/elicitations
  it('finds none in an error that wants too many', () => {
    const pages = (count: number): number =>
      requiredElicitations(
        error(-32042, `{"elicitations":[${Array.from({ length: count }, () => PAGE).join(',')}]}`),
      ).length;
    expect(pages(100)).toBe(100);
    expect(pages(1_001)).toBe(0);
  });

  it('finds none in a result', () => {
    expect(requiredElicitations(messageOf('{"jsonrpc":"2.0","id":1,"result":{"code":-32042}}'))).toEqual([]);
  });
});
