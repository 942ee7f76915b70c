import { describe, expect, it } from '@jest/globals';
import { EncodedLists } from './encoded-lists.ts';

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

describe('EncodedLists', () => {
  it('gives the list and the end of the answer in UTF-8', () => {
    expect(textOf(new EncodedLists().endingWith('{"tools":["ä"]}'))).toBe('{"tools":["ä"]}}');
  });

  it('encodes the same list once', () => {
    const lists = new EncodedLists();
    expect(lists.endingWith('{"tools":[]}')).toBe(lists.endingWith('{"tools":[]}'));
  });

  it('never gives one list for another', () => {
    const lists = new EncodedLists();
    for (const round of [1, 2]) {
      for (let index = 0; index < 40; index++)
        expect([round, textOf(lists.endingWith(`{"${index}":1}`))]).toEqual([round, `{"${index}":1}}`]);
    }
  });

  it('keeps a bounded number', () => {
    const lists = new EncodedLists();
    const first = lists.endingWith('{}');
    for (let index = 0; index < 16; index++) lists.endingWith(`{"${index}":1}`);
    expect(lists.endingWith('{}')).not.toBe(first);
  });
});
