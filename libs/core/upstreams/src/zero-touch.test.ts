import { describe, expect, it } from '@jest/globals';
import { isAnswerTo } from './zero-touch.ts';

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
