import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { LineWriter } from './line-writer.ts';

describe('LineWriter', () => {
  it('writes the lines of one turn at once', async () => {
    const { writes, stream } = collect();
    const writer = new LineWriter(stream, 1_000);
    for (const line of ['a', 'b', 'ü']) writer.send(line);
    await writer.finish();
    expect(writes).toEqual(['a\nb\nü\n']);
  });

  // guard: line/breaks
  it('makes one line of a text with line breaks, so that no part of it becomes a message', async () => {
    const { writes, stream } = collect();
    const writer = new LineWriter(stream, 1_000);
    writer.send('{"a":[\n{"jsonrpc":"2.0"}\r\n]\r}');
    await writer.finish();
    expect(writes).toEqual(['{"a":[ {"jsonrpc":"2.0"} ] }\n']);
  });

  it('has one write under way and joins what comes meanwhile', async () => {
    const { writes, stream, release } = collect({ isSlow: true });
    const writer = new LineWriter(stream, 1_000);
    writer.send('a');
    await turn();
    writer.send('b');
    await turn();
    writer.send('c');
    await turn();
    expect(writes).toEqual(['a\n']);
    release();
    await writer.finish();
    expect(writes).toEqual(['a\n', 'b\nc\n']);
  });

  it('writes many lines that have waited in their order, and takes as many again', async () => {
    const { writes, stream, release } = collect({ isSlow: true });
    const writer = new LineWriter(stream, 10_000_000);
    const lines = Array.from({ length: 50_000 }, (_, at) => `{"ü":${at}}`);
    writer.send('first');
    await turn();
    for (const line of lines) expect(writer.send(line)).toBe(true);
    const bytes = Buffer.byteLength(lines.join('\n')) + 1;
    expect(writer.queuedBytes).toBe(bytes);
    const finished = writer.finish();
    release();
    await finished;
    expect(writes.join('') === `first\n${lines.join('\n')}\n`).toBe(true);
    expect(writer.queuedBytes).toBe(0);
  });

  // guard: line/backlog
  it('refuses lines beyond its backlog and takes them again when it is gone', async () => {
    const { stream, release } = collect({ isSlow: true });
    const writer = new LineWriter(stream, 10);
    // Bytes count, not characters: two each, and the newline.
    expect(['üü', 'üü', 'ü'].map((line) => writer.send(line))).toEqual([true, true, false]);
    await turn();
    expect(writer.send('x')).toBe(false);
    release();
    await turn();
    expect(writer.send('üüüü')).toBe(true);
  });

  it('takes a line over the limit when nothing else waits', () => {
    const writer = new LineWriter(collect().stream, 10);
    expect(writer.send('x'.repeat(100))).toBe(true);
    expect(writer.send('y')).toBe(false);
  });

  it('takes nothing once it is finished', async () => {
    const { writes, stream } = collect();
    const writer = new LineWriter(stream, 10);
    await writer.finish();
    expect(writer.send('a')).toBe(false);
    expect(writes).toEqual([]);
  });

  it('finishes when the stream breaks', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new RangeError('planted')) });
    stream.on('error', () => {});
    const writer = new LineWriter(stream, 10);
    writer.send('a');
    await writer.finish();
    expect(writer.send('b')).toBe(false);
  });
});

function collect({ isSlow = false } = {}): { writes: string[]; stream: Writable; release: () => void } {
  const writes: string[] = [];
  let isHeld = isSlow;
  let held: (() => void) | undefined;
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      writes.push(chunk);
      if (isHeld) held = done;
      else done();
    },
  });
  const release = (): void => {
    isHeld = false;
    held?.();
  };
  return { writes, stream, release };
}

/** Both the flush and the stream's callbacks are over. */
async function turn(): Promise<void> {
  for (let count = 0; count < 3; count += 1) await new Promise((resolve) => setImmediate(resolve));
}
