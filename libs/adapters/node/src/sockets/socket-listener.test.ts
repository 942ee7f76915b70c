import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type PeerFacts,
  type GatewayError,
  type MessageChannel,
  silentLogger,
  type SocketAddress,
} from '@omni/ports';
import { SmallBudget } from '@omni/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ADA, IN_USE } from './accepted.fixture.ts';
import { NodeSocketListener, type NodeSocketListenerOptions } from './socket-listener.ts';
import { defaultSocketPath, fitsSocketPath } from './socket-path.ts';

let folder: string;
const listeners: NodeSocketListener[] = [];
const sockets: Socket[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-listener-'));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const listener of listeners.splice(0)) listener.close();
  await rm(folder, { recursive: true });
});

/** A listener that sends every message back, and keeps what it received. */
function echo(options: Partial<NodeSocketListenerOptions> = {}): {
  readonly listener: NodeSocketListener;
  readonly received: string[];
} {
  const received: string[] = [];
  const listener = new NodeSocketListener({
    principalOf: () => ADA,
    onConnection: (open) => {
      const channel: MessageChannel = open({
        onMessage(text) {
          received.push(text);
          channel.send(text);
        },
        onFramingError() {},
        onClose() {},
      });
      return IN_USE;
    },
    maxMessageBytes: 1_000_000,
    ...options,
  });
  listeners.push(listener);
  return { listener, received };
}

function dial(address: SocketAddress): Socket {
  const socket = connect(address);
  socket.setEncoding('utf8');
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

/** Everything until the other side ends. */
async function allOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: string) => (text += chunk));
  await once(socket, 'close');
  return text;
}

describe('NodeSocketListener', () => {
  it.each(['a Unix socket', 'TCP'])('serves clients on %s', async (kind) => {
    const { listener } = echo();
    const address = await listener.listen(
      kind === 'TCP' ? { host: '127.0.0.1', port: 0 } : { path: join(folder, 'deep', 'omni.sock') },
    );
    const client = dial(address);
    client.write(' \n{"id":1}\n');
    expect(await once(client, 'data')).toEqual(['{"id":1}\n']);
  });

  it.each(['a Unix socket', 'TCP'])('says where a client on %s comes from', async (kind) => {
    let told: (facts: PeerFacts) => void = () => {};
    const facts = new Promise<PeerFacts>((resolve) => (told = resolve));
    const { listener } = echo({
      principalOf: () => ADA,
      onConnection: (open, _principal, of) => {
        open({ onMessage() {}, onFramingError() {}, onClose() {} });
        told(of);
        return IN_USE;
      },
    });
    const address = await listener.listen(
      kind === 'TCP' ? { host: '127.0.0.1', port: 0 } : { path: join(folder, 'omni.sock') },
    );
    dial(address).write('{}\n');
    expect(await facts).toEqual({
      listener: { kind: kind === 'TCP' ? 'tcp' : 'unix', ...address },
      connection: expect.stringMatching(/^connection-\d+$/),
      peerAddress: kind === 'TCP' ? '127.0.0.1' : undefined,
      peerCertificate: undefined,
    });
  });

  const itWithModes = process.platform === 'win32' ? it.skip : it;

  // guard: socket/shared-folder
  itWithModes('refuses a folder where others could put a socket of their own in its place', async () => {
    const shared = join(folder, 'shared');
    await mkdir(shared);
    await chmod(shared, 0o777);
    await expect(echo().listener.listen({ path: join(shared, 'omni.sock') })).rejects.toMatchObject({
      code: 'OMNI_LISTEN_DENIED',
      message: expect.stringContaining(`${shared} can be changed by everybody`),
    });
    await chmod(shared, 0o1777);
    await expect(echo().listener.listen({ path: join(shared, 'omni.sock') })).resolves.toBeDefined();
  });

  // guard: socket/mode
  itWithModes(
    'lets nobody but the owner connect: the socket has mode 0600, in a folder of mode 0700',
    async () => {
      const before = process.umask(0);
      try {
        const path = join(folder, 'state', 'omni.sock');
        await echo().listener.listen({ path });
        expect((await stat(path)).mode & 0o777).toBe(0o600);
        expect((await stat(join(folder, 'state'))).mode & 0o777).toBe(0o700);
        expect(process.umask()).toBe(0);
      } finally {
        process.umask(before);
      }
    },
  );

  itWithModes('replaces the socket of a process that died', async () => {
    const path = join(folder, 'omni.sock');
    await leaveStaleSocket(path);
    const { listener } = echo();
    await listener.listen({ path });
    const client = dial({ path });
    client.write('[]\n');
    expect(await once(client, 'data')).toEqual(['[]\n']);
  });

  // guard: socket/in-use
  it('leaves a socket alone that somebody answers', async () => {
    const path = join(folder, 'omni.sock');
    await echo().listener.listen({ path });
    await expect(echo().listener.listen({ path })).rejects.toMatchObject({ code: 'OMNI_LISTEN_IN_USE' });
    const client = dial({ path });
    client.write('{}\n');
    expect(await once(client, 'data')).toEqual(['{}\n']);
  });

  // guard: socket/no-socket
  it('never removes a file that is no socket', async () => {
    const path = join(folder, 'precious.txt');
    await writeFile(path, 'precious');
    await expect(echo().listener.listen({ path })).rejects.toMatchObject({
      code: 'OMNI_LISTEN_DENIED',
      message: `${path} exists and is no socket`,
    });
    expect((await stat(path)).size).toBe(8);
  });

  // guard: socket/path-length
  it('says that a path is too long instead of binding a part of it', async () => {
    const path = join(folder, 'x'.repeat(120));
    await expect(echo().listener.listen({ path })).rejects.toMatchObject({
      code: 'OMNI_LISTEN_DENIED',
      message: expect.stringContaining('too long'),
    });
  });

  it('removes its socket when it stops, and takes nobody any more', async () => {
    const { listener } = echo();
    const path = join(folder, 'omni.sock');
    await listener.listen({ path });
    listener.stopAccepting();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  // guard: socket/count
  it('closes connections beyond the limit at once', async () => {
    const { listener } = echo({ maxConnections: 1 });
    const address = await listener.listen({ host: '127.0.0.1', port: 0 });
    const first = dial(address);
    first.write('{"id":1}\n');
    await once(first, 'data');
    expect(await allOf(dial(address))).toBe('');
    first.write('{"id":2}\n');
    expect(await once(first, 'data')).toEqual(['{"id":2}\n']);
  });

  // guard: socket/silent
  it.each<[string, string]>([
    ['says nothing', ''],
    ['sends blanks alone', ' \r\n \n'],
    ['begins a message and does not go on', '{"id":1'],
  ])('cuts a connection that %s', async (_what, sent) => {
    const infos: string[] = [];
    const logger = { ...silentLogger, info: (_fields: unknown, message: string) => void infos.push(message) };
    const { listener, received } = echo({ silenceMs: 20, firstMessageMs: 20, logger });
    const address = await listener.listen({ host: '127.0.0.1', port: 0 });
    const client = dial(address);
    client.write(sent);
    expect(await allOf(client)).toBe('');
    expect(received).toEqual([]);
    expect(infos).toEqual(['a client that sent no message was cut']);
  });

  it('leaves a connection alone that has sent its first message', async () => {
    const { listener } = echo({ silenceMs: 20, firstMessageMs: 20 });
    const address = await listener.listen({ host: '127.0.0.1', port: 0 });
    const client = dial(address);
    client.write('{"id":1}\n');
    await once(client, 'data');
    const silent = dial(address);
    // It came later, and has had its time.
    await allOf(silent);
    client.write('{"id":2}\n');
    expect(await once(client, 'data')).toEqual(['{"id":2}\n']);
  });

  it('has a connection that says nothing, or is idle, make room for another', async () => {
    const { listener } = echo({
      maxConnections: 2,
      onConnection: (open) => {
        const channel: MessageChannel = open({
          onMessage: (text) => void channel.send(text),
          onFramingError() {},
          onClose() {},
        });
        return { idleSinceMs: 0 };
      },
    });
    const address = await listener.listen({ host: '127.0.0.1', port: 0 });
    const idle = dial(address);
    idle.write('{"id":1}\n');
    await once(idle, 'data');
    const silent = dial(address);
    await once(silent, 'connect');
    for (const gone of [idle, silent]) {
      const ended = once(gone, 'close');
      const next = dial(address);
      next.write('{"id":2}\n');
      expect(await once(next, 'data')).toEqual(['{"id":2}\n']);
      await ended;
    }
  });

  // guard: socket/web-page
  it('does not obey the body of an HTTP request that a web page sends to it', async () => {
    const { listener, received } = echo();
    const address = await listener.listen({ host: '127.0.0.1', port: 0 });
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call"}\n';
    const page = dial(address);
    page.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    expect(await allOf(page)).toContain('OMNI_JSON_INVALID');
    expect(received).toEqual([]);
    // The same bytes without the head are obeyed: it is the head that is refused.
    const client = dial(address);
    client.write(body);
    await once(client, 'data');
    expect(received).toEqual([body.trimEnd()]);
  });

  // guard: socket/stall
  it.each(['a Unix socket', 'TCP'])(
    'cuts a client on %s that does not read what waits for it, and ends what runs for it',
    async (kind) => {
      const warnings: string[] = [];
      const gone = new Promise<GatewayError | undefined>((resolve) => {
        const { listener } = echo({
          writeTimeoutMs: 100,
          logger: { ...silentLogger, warn: (_fields, message) => void warnings.push(message) },
          principalOf: () => ADA,
          onConnection: (open) => {
            const channel = open({
              onMessage: () => void channel.send('x'.repeat(32_000_000)),
              onFramingError() {},
              onClose: resolve,
            });
            return IN_USE;
          },
        });
        void listener
          .listen(kind === 'TCP' ? { host: '127.0.0.1', port: 0 } : { path: join(folder, 's') })
          .then((address) => {
            dial(address).pause().write('{"id":1}\n');
          });
      });
      expect(await gone).toBeUndefined();
      expect(warnings).toEqual(['a client does not read its messages; its connection was cut']);
    },
  );

  it('leaves a client alone that has read everything', async () => {
    let channel: MessageChannel | undefined;
    const { listener } = echo({
      writeTimeoutMs: 500,
      principalOf: () => ADA,
      onConnection: (open) => {
        channel = open({
          onMessage: () => void channel?.send('x'.repeat(32_000_000)),
          onFramingError() {},
          onClose() {},
        });
        return IN_USE;
      },
    });
    const client = dial(await listener.listen({ host: '127.0.0.1', port: 0 }));
    client.write('{"id":1}\n');
    let received = 0;
    client.on('data', (chunk: string) => (received += chunk.length));
    while (received < 32_000_001) await once(client, 'data');
    // Longer than the limit, and its double.
    await new Promise((next) => setTimeout(next, 1_100));
    channel?.send('{"still":"here"}');
    expect(await once(client, 'data')).toEqual(['{"still":"here"}\n']);
  });

  it('skips a message for which there is no room, and gives room back when a client leaves in the middle of one', async () => {
    const budget = new SmallBudget(200_000);
    const { listener, received } = echo({ budget });
    const address = await listener.listen({ host: '127.0.0.1', port: 0 });
    const [first, second] = [dial(address), dial(address)];
    first.write('{"half":"' + 'x'.repeat(150_000));
    while (budget.held < 150_000) await new Promise((next) => setImmediate(next));
    second.write(`{"a":"${'y'.repeat(150_000)}"}\n{"b":1}\n`);
    await once(second, 'data');
    expect(received).toEqual(['{"b":1}']);
    first.resetAndDestroy();
    while (budget.held > 0) await new Promise((next) => setImmediate(next));
    second.write(`{"a":"${'y'.repeat(150_000)}"}\n`);
    await once(second, 'data');
    expect(received.map((text) => text.length)).toEqual([7, 150_008]);
  });

  it('takes several of the longest answers at the same moment for a client that reads', async () => {
    const answer = 'x'.repeat(10_000_000);
    const taken: boolean[] = [];
    const listener = new NodeSocketListener({
      principalOf: () => ADA,
      onConnection: (open) => {
        const onMessage = (): void =>
          void taken.push(channel.send(answer), channel.send(answer), channel.send(answer));
        const channel: MessageChannel = open({ onMessage, onFramingError() {}, onClose() {} });
        return IN_USE;
      },
      maxMessageBytes: 1_000_000,
    });
    listeners.push(listener);
    const client = dial(await listener.listen({ path: join(folder, 'omni.sock') }));
    client.write('{}\n');
    let length = 0;
    client.on('data', (chunk: string) => (length += chunk.length));
    while (length < 30_000_003 && !client.closed) await new Promise((next) => setImmediate(next));
    expect(taken).toEqual([true, true, true]);
    expect(length).toBe(30_000_003);
  });

  it('cuts open connections when it is closed', async () => {
    const { listener } = echo();
    const client = dial(await listener.listen({ host: '127.0.0.1', port: 0 }));
    client.write('{"id":1}\n');
    await once(client, 'data');
    const ended = allOf(client);
    listener.close();
    expect(await ended).toBe('');
  });
});

describe('defaultSocketPath', () => {
  it('is a file in the state folder, and a pipe of its own on Windows', () => {
    expect(defaultSocketPath('/home/ada/state', 'linux')).toBe(join('/home/ada/state', 'omni.sock'));
    const pipe = defaultSocketPath('C:\\Users\\ada', 'win32');
    expect(pipe).toMatch(/^\\\\\.\\pipe\\omni-[0-9a-f]{16}$/);
    expect(defaultSocketPath('C:\\Users\\bob', 'win32')).not.toBe(pipe);
    expect(fitsSocketPath(`${pipe}${'x'.repeat(200)}`)).toBe(true);
  });
});

/** A socket file whose listener is gone: what `kill -9` leaves behind. */
async function leaveStaleSocket(path: string): Promise<void> {
  const aside = `${path}.first`;
  const server = createServer();
  server.listen(aside);
  await once(server, 'listening');
  // Closing removes the path that was bound, not the new name of it.
  await rename(aside, path);
  server.close();
  await once(server, 'close');
}
