import { VirtualClock } from '@omni/testing';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { FetchResponseStream } from './fetch-response-stream.ts';

const LARGE = 65_537;
const TIMEOUT_MS = 60_000;

let clock: VirtualClock;
let heard: string[];
let stream: FetchResponseStream;

beforeEach(() => {
  clock = new VirtualClock();
  heard = [];
  stream = new FetchResponseStream(
    {
      onUnread: () => heard.push('unread'),
      onEnd: () => heard.push('end'),
      onOver: () => heard.push('over'),
      onCancel: () => heard.push('cancel'),
    },
    clock,
  );
});

describe('FetchResponseStream', () => {
  // guard: fetch/backpressure
  it('tells a writer to wait beyond 64 KiB, and to go on when all of it was read', async () => {
    const reader = stream.readable.getReader();
    expect(stream.write(new Uint8Array(LARGE - 1))).toBe(true);
    expect(stream.write('x')).toBe(false);
    expect(stream.backlogBytes).toBe(LARGE);
    let drained = 0;
    stream.onDrain(() => (drained += 1));
    await reader.read();
    expect(drained).toBe(0);
    await reader.read();
    expect(drained).toBe(1);
    expect(stream.backlogBytes).toBe(0);
    expect(stream.write('next')).toBe(true);
  });

  it('hands a chunk to who waits for it', async () => {
    const reading = stream.readable.getReader().read();
    await Promise.resolve();
    expect(stream.write('at once')).toBe(true);
    expect(stream.backlogBytes).toBe(0);
    expect(new TextDecoder().decode((await reading).value)).toBe('at once');
    expect(heard).toEqual([]);
  });

  it('is over when the last chunk was read', async () => {
    stream.write('last');
    stream.end();
    expect(heard).toEqual(['unread', 'end']);
    expect(await new Response(stream.readable).text()).toBe('last');
    expect(heard).toEqual(['unread', 'end', 'over']);
    expect(stream.write('late')).toBe(false);
  });

  // guard: fetch/stall
  it('is cut when nothing is read for a minute of what waits', async () => {
    const reader = stream.readable.getReader();
    stream.write('one');
    stream.write('two');
    clock.advance(TIMEOUT_MS - 1);
    await reader.read();
    clock.advance(1);
    // Something was read.
    expect(heard).not.toContain('over');
    clock.advance(TIMEOUT_MS);
    expect(heard.slice(2)).toEqual(['over', 'cancel']);
    await expect(reader.read()).rejects.toThrow();
  });

  it('may be silent for as long as it likes', async () => {
    const reader = stream.readable.getReader();
    stream.write('one');
    await reader.read();
    clock.advance(10 * TIMEOUT_MS);
    expect(heard).toEqual(['unread']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not show a cut answer as a whole one', async () => {
    stream.write('half');
    stream.destroy();
    await expect(new Response(stream.readable).text()).rejects.toThrow();
    expect(heard).toEqual(['unread', 'end', 'over']);
  });
});
