import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayError, type SocketAddress } from '@omni/ports';
import { RecordingListener } from '@omni/testing';
import { messageChannelContract } from '@omni/testing/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SocketChannel, type SocketChannelOptions } from './socket-channel.ts';

/** The two ends of a connection: ours, and the other side as a bare socket. */
interface Ends {
  readonly own: Socket;
  readonly other: Socket;
}

let folder: string;
let server: Server;
let ends: Ends;

async function openEnds(address: SocketAddress): Promise<void> {
  server = createServer();
  server.listen(address);
  await once(server, 'listening');
  const bound = server.address();
  const accepted = once(server, 'connection');
  const other =
    typeof bound === 'string'
      ? connect({ path: bound })
      : connect({ host: '127.0.0.1', port: bound?.port ?? 0 });
  other.on('error', () => {});
  // A server's `connection` event brings its socket.
  const [own] = (await accepted) as [Socket];
  ends = { own, other };
}

function closeEnds(): void {
  ends.own.destroy();
  ends.other.destroy();
  server.close();
}

function channelOn(listener: RecordingListener, options: Partial<SocketChannelOptions> = {}): SocketChannel {
  return new SocketChannel(listener, { socket: ends.own, maxMessageBytes: 16_777_216, ...options });
}

describe.each(['a Unix socket', 'TCP'])('SocketChannel on %s', (kind) => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'omni-socket-'));
    await openEnds(kind === 'TCP' ? { host: '127.0.0.1', port: 0 } : { path: join(folder, 's') });
    ends.other.on('data', (chunk: Buffer) => ends.other.write(chunk));
  });
  afterEach(async () => {
    closeEnds();
    await rm(folder, { recursive: true });
  });

  messageChannelContract(
    it,
    (listener) => new SocketChannel(listener, { socket: ends.own, maxMessageBytes: 16_777_216 }),
  );
});

describe('SocketChannel', () => {
  beforeEach(() => openEnds({ host: '127.0.0.1', port: 0 }));
  afterEach(closeEnds);

  it('skips a line beyond the limit and reads on', async () => {
    const listener = new RecordingListener();
    channelOn(listener, { maxMessageBytes: 8 });
    ends.other.write('{"too":"long"}\n{"a":1}\n');
    expect(await listener.received(1)).toEqual(['{"a":1}']);
    expect(listener.framingError).toEqual([{ kind: 'oversize', limitBytes: 8 }]);
  });

  it('delivers a last line without its end, then says the end', async () => {
    const listener = new RecordingListener();
    channelOn(listener);
    ends.other.end('{"last":1}');
    expect(await listener.closed()).toBeUndefined();
    expect(listener.messages).toEqual(['{"last":1}']);
  });

  it('refuses what would go beyond the backlog of a client that does not read', async () => {
    ends.other.pause();
    const listener = new RecordingListener();
    const channel = channelOn(listener, { maxBacklogBytes: 1_000_000 });
    const line = 'x'.repeat(500_000);
    let taken = 0;
    while (taken < 100 && channel.send(line)) {
      taken++;
      await new Promise((next) => setImmediate(next));
    }
    expect(taken).toBeLessThan(100);
    await channel.close();
    expect(listener.closes).toEqual([undefined]);
  });

  it('tells a break by what its owner makes of it, and loses half a line', async () => {
    const listener = new RecordingListener();
    let hadConnected: boolean | undefined;
    channelOn(listener, {
      onBroken: (_cause, hasConnected) => {
        hadConnected = hasConnected;
        return new GatewayError('OMNI_UPSTREAM_UNREACHABLE', 'broke');
      },
    });
    ends.other.write('{"half":');
    await new Promise((next) => setImmediate(next));
    ends.own.destroy(new RangeError('planted'));
    expect(await listener.closed()).toMatchObject({ code: 'OMNI_UPSTREAM_UNREACHABLE' });
    expect(hadConnected).toBe(true);
    expect(listener.messages).toEqual([]);
  });

  it('ends in good time when the other side never does', async () => {
    const { other, own } = ends;
    // A far end that keeps its side open.
    other.allowHalfOpen = true;
    const listener = new RecordingListener();
    const channel = channelOn(listener);
    await channel.close();
    expect(own.destroyed).toBe(true);
    expect(listener.closes).toEqual([undefined]);
  });
});
