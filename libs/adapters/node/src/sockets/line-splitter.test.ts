import { RecordingListener, SmallBudget } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { LineSplitter } from './line-splitter.ts';

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    const bytes = Buffer.from('{"a":"é"}\n{"b":"🦜\\n"}\r\n\n  \r\n{"c":"✓"}\n');
    for (let size = 1; size <= bytes.length; size += 1) {
      const { listener, splitter } = open(100);
      for (let at = 0; at < bytes.length; at += size) splitter.push(bytes.subarray(at, at + size));
      expect([size, listener.messages]).toEqual([size, ['{"a":"é"}', '{"b":"🦜\\n"}', '{"c":"✓"}']]);
      expect([size, listener.framingError]).toEqual([size, []]);
    }
  });

  // guard: line/size-of-whole
  it('takes a line of the limit, with either line end, and drops a longer one', () => {
    const { listener, splitter } = open(10);
    for (const line of [
      '123456789\n',
      '1234567890\n',
      '1234567890\r\n',
      '12345678901\n',
      '12345678901\r\n',
      '123456789012\n',
      'next\n',
    ]) {
      splitter.push(Buffer.from(line.slice(0, 5)));
      splitter.push(Buffer.from(line.slice(5)));
    }
    expect(listener.messages).toEqual(['123456789', '1234567890', '1234567890', 'next']);
    expect(listener.framingError).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'oversize', limitBytes: 10 })),
    );
  });

  it('applies the limit to lines that come whole in one chunk', () => {
    const { listener, splitter } = open(4);
    splitter.push(Buffer.from('1234\n12345\n6\n'));
    expect(listener.messages).toEqual(['1234', '6']);
    expect(listener.framingError).toHaveLength(1);
  });

  // guard: line/size
  it('reports an endless line once, holds none of it and goes on behind it', () => {
    const { listener, splitter } = open(1_000);
    const megabyte = Buffer.alloc(1_048_576, 'x');
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 64; count += 1) splitter.push(megabyte);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1_048_576);
    // Reported as soon as it is too long, not at its end.
    expect(listener.framingError).toHaveLength(1);
    splitter.push(Buffer.from('tail\nnext\n'));
    expect(listener.messages).toEqual(['next']);
    expect(listener.framingError).toHaveLength(1);
  });

  it('holds a long line of one-byte chunks in at most twice its size', () => {
    const { listener, splitter } = open(1_048_576);
    const chunk = Buffer.from('x');
    const before = process.memoryUsage().arrayBuffers;
    for (let index = 0; index < 1_000_000; index += 1) splitter.push(chunk);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(3 * 1_048_576);
    splitter.push(Buffer.from('\n'));
    expect(listener.messages.map((text) => text.length)).toEqual([1_000_000]);
  });

  // guard: line/utf8
  it('skips a line that is not UTF-8 and keeps its neighbours', () => {
    const { listener, splitter } = open(100);
    splitter.push(
      Buffer.concat([Buffer.from('good\n'), Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from('fine ✓\n')]),
    );
    // Cut in the middle of a character, which then never ends.
    splitter.push(Buffer.from([0x61, 0xe2]));
    splitter.push(Buffer.from([0x9c, 0x0a]));
    splitter.push(Buffer.from('last\n'));
    expect(listener.messages).toEqual(['good', 'fine ✓', 'last']);
    expect(listener.framingError).toEqual([{ kind: 'not-utf8' }, { kind: 'not-utf8' }]);
  });

  it('drops byte order marks', () => {
    const { listener, splitter } = open(100);
    splitter.push(Buffer.from('\ufeff{"a":1}\n\ufeff\n'));
    expect(listener.messages).toEqual(['{"a":1}']);
    expect(listener.framingError).toEqual([]);
  });

  it('delivers a last line without a newline at the end', () => {
    const { listener, splitter } = open(100);
    splitter.push(Buffer.from('a\nb'));
    splitter.end();
    splitter.end();
    expect(listener.messages).toEqual(['a', 'b']);
  });

  // guard: line/room
  it('skips a line for which others leave no room, and takes one of that length when they have let go', () => {
    const budget = new SmallBudget(100_000);
    const [one, other] = [open(1_000_000, budget), open(1_000_000, budget)];
    one.splitter.push(Buffer.from('x'.repeat(60_000)));
    other.splitter.push(Buffer.from('y'.repeat(40_000)));
    other.splitter.push(Buffer.from('y'));
    expect(other.listener.framingError).toEqual([{ kind: 'no-room' }]);
    expect(budget.held).toBe(60_000);
    other.splitter.push(Buffer.from('tail\nnext\n'));
    one.splitter.push(Buffer.from('x\n'));
    other.splitter.push(Buffer.from('z'.repeat(90_000)));
    other.splitter.end();
    expect(one.listener.messages).toEqual(['x'.repeat(60_001)]);
    expect(other.listener.messages).toEqual(['next', 'z'.repeat(90_000)]);
    expect(budget.held).toBe(0);
  });

  it('gives room back for half a line when the other side has gone', () => {
    const budget = new SmallBudget(100_000);
    const { listener, splitter } = open(1_000, budget);
    splitter.push(Buffer.from('half'));
    expect(budget.held).toBeGreaterThanOrEqual(4);
    splitter.drop();
    expect(budget.held).toBe(0);
    expect(listener.messages).toEqual([]);
    expect(listener.framingError).toEqual([]);
  });
});

function open(
  maxBytes: number,
  budget?: SmallBudget,
): { listener: RecordingListener; splitter: LineSplitter } {
  const listener = new RecordingListener();
  return { listener, splitter: new LineSplitter(listener, maxBytes, budget) };
}
