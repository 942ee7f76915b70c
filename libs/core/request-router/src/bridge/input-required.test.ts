import { describe, expect, it } from '@jest/globals';
import { isMultiRound } from '../call/multi-round.ts';
import { messageOf } from '../router.fixture.ts';
import {
  isInputRequired,
  isServerRequest,
  readInputRequired,
  toLegacyServerRequest,
  withAnswers,
} from './input-required.ts';

function result(members: string): ReturnType<typeof messageOf> {
  return messageOf(`{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required"${members}}}`);
}

describe('readInputRequired', () => {
  // guard: rounds/state-exact
  it('finds every question and the state as they came', () => {
    const message = result(
      ',"inputRequests":{"k\\u00e9":{"method":"elicitation/create","params":{"n":1.0,"n2":9007199254740993}},"r":{"method":"roots/list"}},"requestState":"a\\u00e9\\/"',
    );
    expect(isInputRequired(message)).toBe(true);
    expect(readInputRequired(message)).toEqual({
      serverRequests: [
        { key: 'k\u00e9', method: 'elicitation/create', params: '{"n":1.0,"n2":9007199254740993}' },
        { key: 'r', method: 'roots/list', params: '' },
      ],
      state: '"a\\u00e9\\/"',
    });
  });

  it('takes a state without serverRequests, and questions without a state', () => {
    expect(readInputRequired(result(',"requestState":"","inputRequests":{}'))).toEqual({
      serverRequests: [],
      state: '""',
    });
    expect(readInputRequired(result(',"requestState":""'))).toEqual({ serverRequests: [], state: '""' });
    const roots = { key: 'r', method: 'roots/list', params: '' };
    expect(readInputRequired(result(',"inputRequests":{"r":{"method":"roots/list"}}'))).toEqual({
      serverRequests: [roots],
      state: undefined,
    });
  });

  // guard: rounds/questions, rounds/nothing-asked
  it.each([
    ['neither', ''],
    ['no question and no state', ',"inputRequests":{}'],
    ['a state that is no string', ',"requestState":7'],
    ['requests that are no object', ',"inputRequests":[]'],
    ['a request that is no object', ',"inputRequests":{"a":1}'],
    ['a request without a method', ',"inputRequests":{"a":{}}'],
    ['parameters that are no object', ',"inputRequests":{"a":{"method":"roots/list","params":[]}}'],
    ['the same key twice', ',"inputRequests":{"a":{"method":"roots/list"},"a":{"method":"roots/list"}}'],
    [
      'too many',
      `,"inputRequests":{${Array.from({ length: 101 }, (_, index) => `"k${index}":{"method":"roots/list"}`).join(',')}}`,
    ],
  ])('does not take %s', (_what, members) => {
    expect(readInputRequired(result(members))).toBeUndefined();
  });

  it('is not misled by complete results and errors', () => {
    expect(isInputRequired(messageOf('{"jsonrpc":"2.0","id":1,"result":{"content":[]}}'))).toBe(false);
    expect(
      isInputRequired(
        messageOf('{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"","resultType":"input_required"}}'),
      ),
    ).toBe(false);
  });
});

describe('isMultiRound and isServerRequest', () => {
  it('know the methods of the specification', () => {
    expect(
      ['tools/call', 'prompts/get', 'resources/read', 'completion/complete', 'tools/list'].map(isMultiRound),
    ).toEqual([true, true, true, false, false]);
    expect(
      ['sampling/createMessage', 'elicitation/create', 'roots/list', 'ping', 'vendor/x'].map(isServerRequest),
    ).toEqual([true, true, true, false, false]);
  });
});

describe('toLegacyServerRequest', () => {
  it.each([
    [
      'gives a page its id',
      '{"mode":"url","url":"https://a.b/c?d=%20"}',
      '{"elicitationId":"e","mode":"url","url":"https://a.b/c?d=%20"}',
    ],
    [
      'leaves an id that is there',
      '{"mode":"url","elicitationId":"x"}',
      '{"mode":"url","elicitationId":"x"}',
    ],
    [
      'leaves forms alone',
      '{"mode":"form","requestedSchema":{"n":1.0}}',
      '{"mode":"form","requestedSchema":{"n":1.0}}',
    ],
    ['leaves forms without a mode alone', '{"message":"?"}', '{"message":"?"}'],
    ['leaves nothing alone', '', ''],
  ])('%s', (_what, params, expected) => {
    expect(toLegacyServerRequest({ method: 'elicitation/create', params }, 'e')).toBe(expected);
  });

  it('leaves other questions alone', () => {
    expect(toLegacyServerRequest({ method: 'sampling/createMessage', params: '{"mode":"url"}' }, 'e')).toBe(
      '{"mode":"url"}',
    );
  });
});

describe('withAnswers', () => {
  it('adds answers and state and leaves the rest byte for byte', () => {
    const answers = new Map([['k"', '{"n":1.0}']]);
    expect(withAnswers('{"name":"x" ,"arguments":{"a":1.0}}', answers, '"s\\u00e9"')).toBe(
      '{"inputResponses":{"k\\"":{"n":1.0}},"requestState":"s\\u00e9","name":"x" ,"arguments":{"a":1.0}}',
    );
  });

  it('puts this round in the place of another', () => {
    expect(
      withAnswers('{"inputResponses":{"old":{}},"requestState":"old"}', new Map([['a', '{}']]), '"new"'),
    ).toBe('{"inputResponses":{"a":{}},"requestState":"new"}');
  });

  it('sends no state that did not come, and no answers where nothing was asked', () => {
    expect(withAnswers('{}', new Map([['a', '{}']]), undefined)).toBe('{"inputResponses":{"a":{}}}');
    expect(withAnswers('{}', new Map(), '"s"')).toBe('{"requestState":"s"}');
  });
});
