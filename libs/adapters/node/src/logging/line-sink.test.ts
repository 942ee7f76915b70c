import { VirtualClock } from '@omni/testing';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { LineSink } from './line-sink.ts';

/** A file whose writes end when, and as, the test says. */
class SlowFile {
  text = '';
  #waiting: { bytes: Buffer; done: (error: Error | null, written: number) => void } | undefined;

  readonly put = (bytes: Buffer, done: (error: Error | null, written: number) => void): void => {
    expect(this.#waiting).toBeUndefined();
    this.#waiting = { bytes, done };
  };

  get isBusy(): boolean {
    return this.#waiting !== undefined;
  }

  take(count = Number.POSITIVE_INFINITY): void {
    const { bytes, done } = this.#next();
    const written = Math.min(count, bytes.length);
    this.text += bytes.subarray(0, written).toString();
    done(null, written);
  }

  fail(code: string): void {
    this.#next().done(Object.assign(new TypeError('write'), { code }), 0);
  }

  #next(): { bytes: Buffer; done: (error: Error | null, written: number) => void } {
    const waiting = this.#waiting;
    if (waiting === undefined) throw new TypeError('nothing is being written');
    this.#waiting = undefined;
    return waiting;
  }
}

describe('LineSink', () => {
  let file: SlowFile;
  let clock: VirtualClock;
  let losses: string[];
  let sink: LineSink;

  beforeEach(() => {
    file = new SlowFile();
    clock = new VirtualClock();
    losses = [];
    sink = new LineSink({
      put: file.put,
      onLost: (reason) => losses.push(reason),
      gapLine: (lost, reason) => `${lost} lost, ${reason}\n`,
      clock,
    });
  });

  it('writes what comes meanwhile in one piece, and the rest of what was taken in part', () => {
    sink.write('one\n');
    sink.write('two\n');
    sink.write('three\n');
    file.take();
    file.take(5);
    file.take();
    expect(file.text).toBe('one\ntwo\nthree\n');
    expect(file.isBusy).toBe(false);
  });

  it('tries again in a moment when a pipe is full, and loses nothing', () => {
    sink.write('one\n');
    file.fail('EAGAIN');
    expect(file.isBusy).toBe(false);
    clock.advance(50);
    file.take();
    expect(file.text).toBe('one\n');
    expect(losses).toEqual([]);
  });

  it('says once that lines are lost, and writes again as soon as it can, behind a line about the gap', () => {
    sink.write('kept\n');
    file.take(2);
    sink.write('lost\n');
    file.fail('ENOSPC');
    sink.write('lost\n');
    expect(file.isBusy).toBe(false);
    expect(sink.lostReason).toBe('ENOSPC');
    clock.advance(1_000);
    sink.write('lost\n');
    file.fail('ENOSPC');
    clock.advance(1_000);
    sink.write('again\n');
    file.take();
    sink.write('more\n');
    file.take();
    expect(file.text).toBe('ke\n4 lost, ENOSPC\nagain\nmore\n');
    expect(losses).toEqual(['ENOSPC']);
    expect(sink.lostReason).toBeUndefined();
  });

  it('holds a million characters for a reader who is slow, and tells of those beyond', () => {
    const line = `${'x'.repeat(1_023)}\n`;
    sink.write(line);
    for (let count = 0; count < 2_000; count++) sink.write(line);
    expect(losses).toEqual(['slow']);
    file.take();
    file.take();
    const [gap] = /^\d+ lost, slow$/m.exec(file.text) ?? [];
    expect(gap).toBe('976 lost, slow');
    expect(file.text.length).toBeLessThan(1_100_000);
  });

  it('flushes at once when there is nothing to write, else when that is done or lost', async () => {
    await sink.flush();
    sink.write('one\n');
    const flushed = sink.flush();
    file.fail('EPIPE');
    await flushed;
    clock.advance(1_000);
    sink.write('two\n');
    const again = sink.flush();
    file.take();
    await again;
    expect(file.text).toBe('1 lost, EPIPE\ntwo\n');
  });
});
