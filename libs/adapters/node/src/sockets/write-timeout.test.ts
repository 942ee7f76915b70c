import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { VirtualClock } from '@omni/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WriteTimeout } from './write-timeout.ts';

/** More than the system takes off our hands. */
const LONG = 'x'.repeat(32_000_000);

let server: Server;
let own: Socket;
let other: Socket;
let clock: VirtualClock;
let stalls: number;
let watch: WriteTimeout;

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const accepted = once(server, 'connection');
  other = connect({ host: '127.0.0.1', port: typeof bound === 'string' ? 0 : (bound?.port ?? 0) }).pause();
  // A server's `connection` event brings its socket.
  [own] = (await accepted) as [Socket];
  clock = new VirtualClock();
  stalls = 0;
  watch = new WriteTimeout(own, { timeoutMs: 60_000, onTimeout: () => stalls++, clock });
});
afterEach(() => {
  own.destroy();
  other.destroy();
  server.close();
});

async function read(bytes: number): Promise<void> {
  let left = bytes;
  other.resume();
  while (left > 0) {
    // Without an encoding a socket gives buffers.
    const [chunk] = (await once(other, 'data')) as [Buffer];
    left -= chunk.length;
  }
  other.pause();
}

describe('WriteTimeout', () => {
  it('finds an other side that takes nothing, and tells it once', () => {
    own.write(LONG);
    watch.onWritten();
    clock.advance(59_999);
    expect(stalls).toBe(0);
    clock.advance(600_000);
    expect(stalls).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  // guard: stall/sender
  it('does not take what the other side sends for reading', async () => {
    own.write(LONG);
    watch.onWritten();
    other.write('ping');
    await once(own, 'data');
    clock.advance(60_000);
    expect(stalls).toBe(1);
  });

  it('does not take what is sent meanwhile for something taken', () => {
    own.write(LONG);
    watch.onWritten();
    clock.advance(30_000);
    own.write('ä✓more');
    watch.onWritten();
    clock.advance(30_000);
    expect(stalls).toBe(1);
  });

  // guard: stall/slow
  it('leaves one alone that takes a part of a long message each time, and finds it when it stops', async () => {
    own.write(LONG);
    watch.onWritten();
    for (let turn = 0; turn < 3; turn++) {
      await read(8_000_000);
      clock.advance(60_000);
      expect(stalls).toBe(0);
      expect(own.writableLength).toBe(LONG.length);
    }
    clock.advance(60_000);
    expect(stalls).toBe(1);
  });

  it('waits for nothing when all is taken', async () => {
    own.write('short');
    watch.onWritten();
    expect(clock.pendingTimers).toBe(0);
    expect(watch.isWatching).toBe(false);
    own.write(LONG);
    watch.onWritten();
    expect(watch.isWatching).toBe(true);
    await read(LONG.length + 'short'.length);
    clock.advance(600_000);
    expect(stalls).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    expect(watch.isWatching).toBe(false);
  });

  it('is silent once it is stopped', () => {
    own.write(LONG);
    watch.onWritten();
    watch.stop();
    clock.advance(600_000);
    expect(stalls).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
