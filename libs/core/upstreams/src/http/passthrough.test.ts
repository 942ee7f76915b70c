import { describe, expect, it } from '@jest/globals';
import { beginningOfAnswer, hasIdLast, isAnswerTo, lastSignificantByte } from './passthrough.ts';

describe('isAnswerTo', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":7,"result":{}}', '7', true],
    ['{"jsonrpc":"2.0","id":"ä","result":{}}', '"ä"', true],
    ['{"jsonrpc":"2.0","id":7,"error":{}}', '7', true],
    ['{"result":{},"jsonrpc":"2.0","id":7}', '7', true],
    ['{"jsonrpc":"2.0","id":77,"result":{}}', '7', false],
    ['{"jsonrpc":"2.0","id":"7","result":{}}', '7', false],
    ['{"jsonrpc":"2.0","id":7,"method":"x"}', '7', false],
    ['{"jsonrpc":"2.0","id":7,"result":{', '7', false],
    ['{"result":"x,\\"jsonrpc\\":\\"2.0\\",\\"id\\":7}"', '7', false],
    ['{"result":{},"jsonrpc":"2.0","id":77}', '7', false],
    ['{"other":{},"jsonrpc":"2.0","id":7}', '7', false],
    [' {"jsonrpc":"2.0","id":7,"result":{}}', '7', false],
    ['', '7', false],
  ])('says of %s, asked for %s: %s', (body, id, expected) => {
    expect(isAnswerTo(new TextEncoder().encode(body), id)).toBe(expected);
  });
});

describe('beginningOfAnswer', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":7,"result":{', 'result'],
    ['{"jsonrpc":"2.0","id":7,"error":', 'error'],
    ['{"jsonrpc":"2.0","id":77,"result":{', undefined],
    ['{"jsonrpc":"2.0","id":"7","result":{', undefined],
    ['{"jsonrpc":"2.0","id":7,"results":{', undefined],
    ['{"jsonrpc":"2.0","id":7,"method":"x"', undefined],
    ['{"result":{},"jsonrpc":"2.0","id":7', undefined],
    ['{"jsonrpc":"2.0","id":7,"res', undefined],
    ['', undefined],
  ])('says of %s, asked for 7: %s', (body, expected) => {
    expect(beginningOfAnswer(new TextEncoder().encode(body), '7')).toBe(expected);
  });
});

describe('lastSignificantByte', () => {
  it.each([
    ['x}', '}'],
    ['} \t\r\n', '}'],
    ['}x', 'x'],
    [' \n', undefined],
    ['', undefined],
  ])('of %j is %s', (chunk, expected) => {
    expect(lastSignificantByte(new TextEncoder().encode(chunk))).toBe(expected?.charCodeAt(0));
  });
});

describe('hasIdLast', () => {
  it.each([
    ['{"result":{},"jsonrpc":"2.0","id":7}', true],
    ['{"result":{},"jsonrpc":"2.0","id":77}', false],
    ['{"result":{},"jsonrpc":"2.0","id":7} ', false],
    ['{"other":{},"jsonrpc":"2.0","id":7}', false],
    [',"jsonrpc":"2.0","id":7}', false],
  ])('says of %s, asked for 7: %s, however it is cut', (body, expected) => {
    const bytes = new TextEncoder().encode(body);
    // The beginning is never cut: chunks are longer than it.
    for (const size of [10, 11, 17, 100]) {
      const chunks = Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      expect(hasIdLast(chunks, '7')).toBe(expected);
    }
  });

  it('says no to nothing', () => {
    expect(hasIdLast([], '7')).toBe(false);
  });
});
