import { describe, expect, it } from '@jest/globals';
import { EventStream } from './event-stream.ts';

const TEXT =
  ': hello\r\n\r\nevent: message\r\ndata: {"a":1}\r\n\r\ndata:x\ndata: y\n\nid: 1\n\ndata: last\r\r';

describe('EventStream', () => {
  it('gives the data of each event', () => {
    expect(new EventStream().push(TEXT)).toEqual(['{"a":1}', 'x\ny']);
  });

  it('waits with a CR at the end, which may be half of a line break', () => {
    const stream = new EventStream();

    expect(stream.push('data: a\r')).toEqual([]);
    expect(stream.push('\n\r')).toEqual([]);
    expect(stream.push('\n')).toEqual(['a']);
  });

  it('gives the same however the stream is cut', () => {
    const stream = new EventStream();

    expect(Array.from(`${TEXT}\n`).flatMap((character) => stream.push(character))).toEqual([
      '{"a":1}',
      'x\ny',
      'last',
    ]);
  });
});
