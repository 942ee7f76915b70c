import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import {
  createServer as createSocketServer,
  type AddressInfo,
  type Server as SocketServer,
  type Socket,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteBudget, DialTarget, GatewayError, MessageChannel } from '@omni/ports';
import { RecordingListener, SmallBudget } from '@omni/testing';
import { messageChannelContract } from '@omni/testing/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import { NodeChannelDialer } from './channel-dialer.ts';

const LIMIT = 16_777_216;

let folder: string;
let socketServers: SocketServer[];
let http: HttpServer;
let unixPath: string;
let tcpPort: number;
let webSocketUrl: string;
let upgrades: IncomingMessage[] = [];
/** What the server does with a new WebSocket; the default sends everything back. */
let onWebSocket: (webSocket: WebSocket) => void;
const dialers: NodeChannelDialer[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-dial-'));
  unixPath = join(folder, 'echo.sock');
  const onSocket = (socket: Socket): void => {
    socket.on('error', () => {});
    socket.pipe(socket);
  };
  socketServers = [createSocketServer(onSocket), createSocketServer(onSocket)];
  socketServers[0]?.listen(unixPath);
  socketServers[1]?.listen(0, '127.0.0.1');
  http = createServer((_request, response) => void response.writeHead(404).end());
  const webSockets = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, socket, head) => {
    upgrades.push(request);
    if (request.url === '/denied')
      return void socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
    if (request.url === '/moved')
      return void socket.end('HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n');
    webSockets.handleUpgrade(request, socket, head, (webSocket) => onWebSocket(webSocket));
  });
  http.listen(0, '127.0.0.1');
  await Promise.all([...socketServers, http].map((server) => once(server, 'listening')));
  // TCP servers that listen have an address with a port.
  tcpPort = (socketServers[1]?.address() as AddressInfo | undefined)?.port ?? 0;
  webSocketUrl = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterAll(async () => {
  for (const server of socketServers) server.close();
  http.closeAllConnections();
  http.close();
  await rm(folder, { recursive: true });
});
afterEach(async () => {
  await Promise.all(dialers.splice(0).map((dialer) => dialer.close()));
  upgrades = [];
  onWebSocket = echo;
});

function echo(webSocket: WebSocket): void {
  webSocket.on('error', () => {});
  webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }));
}
onWebSocket = echo;

function dial(
  target: DialTarget,
  listener: RecordingListener,
  {
    maxMessageBytes = LIMIT,
    budget,
    ...options
  }: { maxMessageBytes?: number; budget?: ByteBudget; pingMs?: number; connectTimeoutMs?: number } = {},
): MessageChannel {
  const dialer = new NodeChannelDialer(options);
  dialers.push(dialer);
  return dialer.dial(
    { upstream: 'up', target, maxMessageBytes, ...(budget !== undefined && { budget }) },
    listener,
  );
}

/** Dials and waits for the reason of the end. */
async function endOf(
  target: DialTarget,
  options: Parameters<typeof dial>[2] = {},
): Promise<GatewayError | undefined> {
  const listener = new RecordingListener();
  dial(target, listener, options).send('{"id":1}');
  return await listener.closed();
}

const webSocket = (path = '/', headers = {}): DialTarget => ({
  kind: 'websocket',
  url: webSocketUrl + path,
  headers,
});

describe.each<[string, () => DialTarget]>([
  ['a Unix socket', () => ({ kind: 'socket', address: { path: unixPath } })],
  ['TCP', () => ({ kind: 'socket', address: { host: '127.0.0.1', port: tcpPort } })],
  ['a WebSocket', () => webSocket()],
])('NodeChannelDialer on %s', (_name, target) => {
  messageChannelContract(it, (listener) => {
    const dialer = new NodeChannelDialer();
    dialers.push(dialer);
    return dialer.dial({ upstream: 'up', target: target(), maxMessageBytes: LIMIT }, listener);
  });
});

describe('NodeChannelDialer', () => {
  it.each<[string, () => DialTarget]>([
    ['no such Unix socket', () => ({ kind: 'socket', address: { path: join(folder, 'nobody') } })],
    ['no listener on the port', () => ({ kind: 'socket', address: { host: '127.0.0.1', port: 1 } })],
    ['an impossible port', () => ({ kind: 'socket', address: { host: '127.0.0.1', port: 70_000 } })],
    ['no WebSocket server', () => ({ kind: 'websocket', url: 'ws://127.0.0.1:1/', headers: {} })],
    ['a URL that is none', () => ({ kind: 'websocket', url: 'nonsense', headers: {} })],
    ['a header that HTTP forbids', () => webSocket('/', { 'X-Bad': 'a\r\nb' })],
  ])('says that it cannot connect: %s', async (_name, target) => {
    const error = await endOf(target());
    expect(error?.code).toBe('OMNI_UPSTREAM_UNREACHABLE');
    expect(error?.data?.['phase']).toBe('connect');
  });

  it('offers the sub-protocol mcp and sends the configured headers', async () => {
    const listener = new RecordingListener();
    dial(webSocket('/mcp', { Authorization: 'Bearer b' }), listener).send('{"id":1}');
    await listener.received(1);
    expect(
      upgrades.map(({ headers, url }) => [url, headers['sec-websocket-protocol'], headers.authorization]),
    ).toEqual([['/mcp', 'mcp', 'Bearer b']]);
    expect(upgrades[0]?.headers['sec-websocket-extensions']).toBeUndefined();
  });

  // guard: outgoing/redirect-of-web-socket
  it.each([
    ['/denied', 401],
    ['/moved', 302],
  ])('tells the status of a refused upgrade and follows nothing: %s', async (path, status) => {
    const error = await endOf(webSocket(path));
    expect(error?.code).toBe('OMNI_UPSTREAM_HTTP_STATUS');
    expect(error?.data).toEqual({ phase: 'connect', status });
    expect(upgrades).toHaveLength(1);
  });

  // guard: outgoing/socket-timeout
  it('gives up a server that takes the connection and says nothing', async () => {
    const silent = createSocketServer(() => {});
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const error = await endOf(
      { kind: 'websocket', url: `ws://127.0.0.1:${port}/`, headers: {} },
      { connectTimeoutMs: 30 },
    );
    silent.close();
    expect(error?.code).toBe('OMNI_UPSTREAM_UNREACHABLE');
    expect(error?.data?.['phase']).toBe('connect');
  });

  it.each([
    [1000, undefined, ''],
    [1001, undefined, ''],
    [1008, 'OMNI_UPSTREAM_UNREACHABLE', 'by its policy'],
    [1009, 'OMNI_UPSTREAM_UNREACHABLE', 'longer message than it takes'],
    [1011, 'OMNI_UPSTREAM_UNREACHABLE', 'failed'],
    [1012, 'OMNI_UPSTREAM_UNREACHABLE', 'is restarting'],
    [1013, 'OMNI_UPSTREAM_UNREACHABLE', 'is overloaded'],
    [4000, 'OMNI_UPSTREAM_UNREACHABLE', 'close code 4000'],
  ])('maps the close code %i', async (code, expected, words) => {
    onWebSocket = (opened) => opened.close(code);
    const error = await endOf(webSocket());
    expect(error?.code).toBe(expected);
    expect(error?.message ?? '').toContain(words);
  });

  // guard: outgoing/message-size
  it('ends on a message beyond the limit, and says so', async () => {
    onWebSocket = (opened) => opened.send('x'.repeat(101));
    const error = await endOf(webSocket(), { maxMessageBytes: 100 });
    expect(error).toMatchObject({
      code: 'OMNI_UPSTREAM_TOO_LARGE',
      message: expect.stringContaining('100 bytes'),
    });
  });

  it('ends on a message of more bytes than a number can count, and says so', async () => {
    onWebSocket = () => void upgrades[0]?.socket.write(Buffer.from([0x81, 0x7f, 0, 0x20, 0, 0, 0, 0, 0, 0]));
    expect((await endOf(webSocket(), { maxMessageBytes: 100 }))?.code).toBe('OMNI_UPSTREAM_TOO_LARGE');
  });

  it('takes a message of exactly the limit', async () => {
    const listener = new RecordingListener();
    onWebSocket = (opened) => opened.send('x'.repeat(100));
    dial(webSocket(), listener, { maxMessageBytes: 100 });
    expect(await listener.received(1)).toEqual(['x'.repeat(100)]);
  });

  it.each<[string, (opened: WebSocket) => void, number]>([
    ['a binary frame', (opened) => opened.send(Buffer.from('{}')), 1008],
    ['text that is not UTF-8', (opened) => opened.send(Buffer.from([0xff]), { binary: false }), 1007],
    [
      'a message of more than 16,384 fragments',
      (opened) => {
        for (let count = 0; count <= 16_384; count++) opened.send('', { fin: false });
      },
      1008,
    ],
  ])('refuses %s', async (_name, send, code) => {
    let received: number | undefined;
    const closed = new Promise<void>((resolve) => {
      onWebSocket = (opened) => {
        opened.on('error', () => {});
        opened.on('close', (closeCode) => {
          received = closeCode;
          resolve();
        });
        send(opened);
      };
    });
    expect((await endOf(webSocket()))?.code).toBe('OMNI_UPSTREAM_PROTOCOL');
    await closed;
    expect(received).toBe(code);
  });

  // guard: upgrade/dead
  it('takes a server that answers no ping for dead, and one that does for alive', async () => {
    let pings = 0;
    onWebSocket = (opened) => {
      // `ws` answers pings by itself unless it is told not to read.
      opened.on('ping', () => {
        if (++pings === 5) opened.pause();
      });
    };
    const error = await endOf(webSocket(), { pingMs: 10 });
    expect(error).toMatchObject({
      code: 'OMNI_UPSTREAM_UNREACHABLE',
      data: { phase: 'body', reason: 'PING_UNANSWERED' },
    });
    expect(pings).toBe(5);
  });

  // guard: upgrade/room
  it('ends a WebSocket for whose message there is no room, and says so', async () => {
    const budget = new SmallBudget(200_000);
    onWebSocket = (opened) => {
      opened.send('x'.repeat(100_000));
      opened.send('y'.repeat(300_000));
    };
    const listener = new RecordingListener();
    dial(webSocket(), listener, { budget });
    expect(await listener.closed()).toMatchObject({
      code: 'OMNI_MEMORY_FULL',
      message: expect.stringContaining('"up"'),
    });
    expect(listener.messages.map((text) => text.length)).toEqual([100_000]);
    expect(budget.held).toBe(0);
  });

  it('says when a connection breaks', async () => {
    onWebSocket = (opened) => opened.terminate();
    expect(await endOf(webSocket())).toMatchObject({
      code: 'OMNI_UPSTREAM_UNREACHABLE',
      data: { phase: 'body' },
    });
  });

  it('closes what is being opened without a reason', async () => {
    for (const target of [webSocket(), { kind: 'socket', address: { path: unixPath } } as const]) {
      const listener = new RecordingListener();
      const channel = dial(target, listener);
      await channel.close();
      expect(listener.closes).toEqual([undefined]);
    }
  });

  // guard: outgoing/after-close
  it('ends its channels with it and opens no more', async () => {
    const listener = new RecordingListener();
    const dialer = new NodeChannelDialer();
    const spec = { upstream: 'up', target: webSocket(), maxMessageBytes: LIMIT };
    dialer.dial(spec, listener).send('{"id":1}');
    await listener.received(1);
    await dialer.close();
    const late = new RecordingListener();
    dialer.dial(spec, late);
    expect((await late.closed())?.code).toBe('OMNI_UPSTREAM_UNREACHABLE');
    expect(listener.closes).toEqual([undefined]);
  });
});
