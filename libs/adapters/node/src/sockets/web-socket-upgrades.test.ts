import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  type ChannelListener,
  GatewayError,
  type Logger,
  type MessageChannel,
  type OpenChannel,
  silentLogger,
} from '@omni/ports';
import { SmallBudget } from '@omni/testing';
import { messageChannelContract } from '@omni/testing/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ClientOptions, WebSocket } from 'ws';
import { accepted, ADA } from './accepted.fixture.ts';
import { NodeHttpListener } from '../http/http-listener.ts';
import type { UpgradeDecision, UpgradeRequest, WebSocketOptions } from './web-socket-upgrades.ts';

const UPGRADE =
  'Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

let listener: NodeHttpListener;
let port: number;
const clients: WebSocket[] = [];
const sockets: Socket[] = [];

async function start(options: Partial<WebSocketOptions> = {}, logger: Logger = silentLogger): Promise<void> {
  listener = new NodeHttpListener({
    logger,
    handler: (exchange) => exchange.respond(200, [], `plain ${exchange.path}`),
    webSockets: {
      decide: () => accepted(serveEcho),
      maxMessageBytes: 1_000_000,
      ...options,
    },
  });
  ({ port } = await listener.listen({ host: '127.0.0.1', port: 0 }));
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener.drain(0);
});

function serveEcho(open: OpenChannel): void {
  const channel: MessageChannel = open({
    onMessage: (text) => void channel.send(text),
    onFramingError() {},
    onClose() {},
  });
}

function client(protocols: string[] = ['mcp'], options: ClientOptions = {}): WebSocket {
  const opened = new WebSocket(`ws://127.0.0.1:${port}/mcp`, protocols, options);
  opened.on('error', () => {});
  clients.push(opened);
  return opened;
}

/** Sends bytes and collects what comes until the server closes, or until it matches. */
function raw(bytes: string, until?: RegExp): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  sockets.push(socket);
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  socket.write(bytes);
  return new Promise((resolve) => {
    let text = '';
    socket.on('close', () => resolve(text));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (until?.test(text)) resolve(text);
    });
  });
}

/** The code of the close frame that the server sends. */
async function closeCode(opened: WebSocket): Promise<number> {
  // The first argument of `close` is the code.
  const [code] = (await once(opened, 'close')) as [number];
  return code;
}

describe('WebSocketChannel of a listener', () => {
  let open: OpenChannel;

  beforeEach(async () => {
    open = await new Promise<OpenChannel>((resolve) => {
      void start({ decide: () => accepted(resolveOpen) }).then(() => {
        const far = client();
        far.on('message', (data) => far.send(data, { binary: false }));
      });
      const resolveOpen = (opened: OpenChannel): void => resolve(opened);
    });
  });

  messageChannelContract(it, (told: ChannelListener) => open(told));
});

describe('WebSocketUpgrades', () => {
  // guard: upgrade/sub-protocol
  it('answers the sub-protocol mcp, none when none is offered, and refuses others', async () => {
    await start();
    const named = client(['other', 'mcp']);
    await once(named, 'open');
    const unnamed = client([]);
    await once(unnamed, 'open');
    expect(named.protocol).toBe('mcp');
    expect(unnamed.protocol).toBe('');
    expect(await raw(`GET /mcp HTTP/1.1\r\n${UPGRADE}Sec-WebSocket-Protocol: other, mcp2\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 400 [^]*OMNI_SUBPROTOCOL_UNSUPPORTED/,
    );
  });

  // guard: upgrade/decision
  it('answers a refused upgrade with status, headers and error of the refusal, and upgrades when it is not refused', async () => {
    const asked: (string | undefined)[][] = [];
    const decide = (request: UpgradeRequest): UpgradeDecision => {
      asked.push([request.path, request.header('host'), request.header('origin')]);
      if (request.header('origin') === undefined) return accepted(serveEcho);
      return {
        kind: 'refused',
        error: new GatewayError('OMNI_AUTH_REQUIRED', 'no'),
        headers: ['WWW-Authenticate', 'Bearer realm="omni"'],
      };
    };
    await start({ decide });
    const refused = await raw(`GET /mcp?x=1 HTTP/1.1\r\n${UPGRADE}Origin: https://evil.example\r\n\r\n`);
    expect(refused).toMatch(
      /^HTTP\/1\.1 401 [^]*WWW-Authenticate: Bearer realm="omni"\r\n[^]*OMNI_AUTH_REQUIRED/,
    );
    expect(await raw(`GET /mcp HTTP/1.1\r\n${UPGRADE}\r\n`, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 101 /);
    expect(asked).toEqual([
      ['/mcp', 'localhost', 'https://evil.example'],
      ['/mcp', 'localhost', undefined],
    ]);
  });

  it('waits for a decision that takes time, and then does as it says', async () => {
    const asked: ((decision: UpgradeDecision) => void)[] = [];
    await start({ decide: () => new Promise((decide) => asked.push(decide)) });
    const answers = [
      raw(`GET /mcp HTTP/1.1\r\n${UPGRADE}\r\n`, /\r\n\r\n/),
      raw(`GET /mcp HTTP/1.1\r\n${UPGRADE}\r\n`),
    ];
    while (asked.length < 2) await new Promise((next) => setImmediate(next));
    asked[0]?.(accepted(serveEcho));
    asked[1]?.({ kind: 'refused', error: new GatewayError('OMNI_OVERLOADED', 'no'), headers: [] });
    expect((await Promise.all(answers)).sort()).toEqual([
      expect.stringMatching(/^HTTP\/1\.1 101 /),
      expect.stringMatching(/^HTTP\/1\.1 503 [^]*Retry-After: 1\r\n[^]*OMNI_OVERLOADED/),
    ]);
  });

  it.each<[string, WebSocketOptions['decide']]>([
    ['is rejected', () => Promise.reject(new RangeError('planted'))],
    [
      'throws',
      () => {
        throw new RangeError('planted');
      },
    ],
  ])('refuses an upgrade whose decision %s', async (_how, decide) => {
    await start({ decide });
    const answer = await raw(`GET /mcp HTTP/1.1\r\n${UPGRADE}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 500 [^]*OMNI_INTERNAL/);
    expect(answer).not.toContain('planted');
  });

  // guard: upgrade/undecided
  it('cuts who still waits for a decision when the listener has drained', async () => {
    let isAsked = false;
    let goneCalls = 0;
    const never = new Promise<UpgradeDecision>(() => {});
    await start({
      decide: (request) => {
        isAsked = true;
        request.onGone(() => goneCalls++);
        return never;
      },
    });
    const answer = raw(`GET /mcp HTTP/1.1\r\n${UPGRADE}\r\n`);
    while (!isAsked) await new Promise((next) => setImmediate(next));
    await listener.drain(0);
    expect(await answer).toBe('');
    expect(goneCalls).toBe(1);
  });

  it.each([
    ['closes its side', (socket: Socket): unknown => socket.end()],
    ['breaks off', (socket: Socket): unknown => socket.resetAndDestroy()],
  ])('forgets a client that %s before the decision', async (_how, leave) => {
    let decide: (decision: UpgradeDecision) => void = () => {};
    let isServed = false;
    const gone = new Promise<void>((resolve) => {
      void start({
        decide: (request) => {
          request.onGone(resolve);
          for (const socket of sockets) leave(socket);
          return new Promise((decided) => (decide = decided));
        },
      }).then(() => raw(`GET /mcp HTTP/1.1\r\n${UPGRADE}\r\n`));
    });
    await gone;
    decide(accepted(() => (isServed = true)));
    await new Promise((next) => setImmediate(next));
    expect(isServed).toBe(false);
  });

  it.each([
    [
      'another protocol',
      'GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n\r\n',
    ],
    [
      'another method',
      'POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n',
    ],
  ])('serves a request that asks for %s as an ordinary one', async (_name, bytes) => {
    await start();
    expect(await raw(bytes)).toMatch(/^HTTP\/1\.1 200 [^]*plain \/x$/);
  });

  it.each([
    ['without a key', UPGRADE.replace(/Sec-WebSocket-Key: .*\r\n/, '')],
    ['in a version that is not 13', UPGRADE.replace('Version: 13', 'Version: 99')],
  ])('refuses an upgrade %s with 400', async (_name, headers) => {
    await start();
    expect(await raw(`GET /mcp HTTP/1.1\r\n${headers}\r\n`)).toMatch(/^HTTP\/1\.1 400 [^]*OMNI_HTTP_INVALID/);
  });

  // guard: http/header-count-of-upgrade
  it('refuses more headers than a request may have', async () => {
    await start();
    expect(await raw(`GET /mcp HTTP/1.1\r\n${UPGRADE}${'a:b\r\n'.repeat(300)}\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });

  // guard: upgrade/pipelined
  it('cuts an upgrade that is pipelined behind a request without an answer', async () => {
    listener = new NodeHttpListener({
      handler: () => {},
      webSockets: { decide: () => accepted(serveEcho), maxMessageBytes: 1_000 },
    });
    ({ port } = await listener.listen({ host: '127.0.0.1', port: 0 }));
    expect(await raw(`GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /mcp HTTP/1.1\r\n${UPGRADE}\r\n`)).toBe('');
  });

  // guard: upgrade/count
  it('refuses more WebSockets than the limit with 503, and takes one again when another has gone', async () => {
    await start({ maxConnections: 1 });
    const first = client();
    await once(first, 'open');
    expect(await raw(`GET /mcp HTTP/1.1\r\n${UPGRADE}\r\n`)).toMatch(/^HTTP\/1\.1 503 [^]*OMNI_OVERLOADED/);
    first.close();
    await once(first, 'close');
    await once(client(), 'open');
  });

  it('has room for another user when one has as many as there may be, and an idle one makes room', async () => {
    let who = ADA;
    const served: { idleSinceMs: number | undefined } = { idleSinceMs: undefined };
    await start({
      maxConnections: 2,
      decide: () => ({ ...accepted(serveEcho, served), principal: who }) as UpgradeDecision,
    });
    const [first, second] = [client(), client()];
    await Promise.all([once(first, 'open'), once(second, 'open')]);
    expect(await raw(`GET /mcp HTTP/1.1\r\n${UPGRADE}\r\n`)).toMatch(
      /^HTTP\/1\.1 503 [^]*\\"ada\\" has 2 of 2/,
    );
    who = { id: 'owner', kind: 'token' };
    await once(client(), 'open');
    served.idleSinceMs = 0;
    who = { id: 'bob', kind: 'token' };
    const closed = Promise.race([once(first, 'close'), once(second, 'close')]);
    await once(client(), 'open');
    expect((await closed)[0]).toBe(1013);
  });

  // guard: upgrade/message-size, upgrade/binary
  it.each<[string, number, (opened: WebSocket) => void]>([
    ['a message beyond the limit', 1009, (opened) => opened.send('x'.repeat(1_001))],
    [
      'a limit exceeded in chunks',
      1009,
      (opened) =>
        ['x'.repeat(600), 'x'.repeat(600)].forEach((part, at) => opened.send(part, { fin: at === 1 })),
    ],
    ['a binary message', 1008, (opened) => opened.send(Buffer.from('{}'))],
    ['text that is not UTF-8', 1007, (opened) => opened.send(Buffer.from([0xff]), { binary: false })],
  ])('closes on %s with %i', async (_name, code, send) => {
    await start({ maxMessageBytes: 1_000 });
    const opened = client();
    await once(opened, 'open');
    // What is allowed comes back: it is not every message that closes.
    opened.send('x'.repeat(1_000));
    await once(opened, 'message');
    send(opened);
    expect(await closeCode(opened)).toBe(code);
  });

  it('closes with 1001 when the owner closes in good order', async () => {
    let channel: MessageChannel | undefined;
    await start({
      decide: () =>
        accepted((open) => (channel = open({ onMessage() {}, onFramingError() {}, onClose() {} }))),
    });
    const opened = client();
    await once(opened, 'open');
    const code = closeCode(opened);
    await channel?.close();
    expect(await code).toBe(1001);
  });

  // guard: upgrade/slow-reader
  it('refuses what would go beyond the backlog of a client that does not read, and closes with 1013', async () => {
    let channel: MessageChannel | undefined;
    await start({
      maxBacklogBytes: 2_000_000,
      decide: () =>
        accepted((open) => (channel = open({ onMessage() {}, onFramingError() {}, onClose() {} }))),
    });
    const opened = client();
    await once(opened, 'open');
    opened.pause();
    const text = 'x'.repeat(500_000);
    let taken = 0;
    while (taken < 200 && channel?.send(text) === true) {
      taken++;
      await new Promise((next) => setImmediate(next));
    }
    expect(taken).toBeLessThan(200);
    const closed = channel?.close();
    const code = closeCode(opened);
    opened.resume();
    await closed;
    expect(await code).toBe(1013);
  });

  it('does not take a client that is leaving for one that does not read', async () => {
    const taken: boolean[] = [];
    let isGone = false;
    await start({
      decide: () =>
        accepted((open) => {
          const channel = open({
            onMessage() {},
            onFramingError() {},
            onClose: () => (isGone = true),
          });
          // Through the time between its farewell and the end of the connection.
          const sendOn = (): void => {
            if (isGone) return;
            taken.push(channel.send('{}'));
            setImmediate(sendOn);
          };
          sendOn();
        }),
    });
    const opened = client();
    await once(opened, 'open');
    opened.close(1000);
    while (!isGone) await new Promise((next) => setImmediate(next));
    expect(taken).not.toContain(false);
  });

  it('takes several of the longest answers at the same moment for a client that reads', async () => {
    const answer = 'x'.repeat(10_000_000);
    const taken: boolean[] = [];
    await start({
      decide: () =>
        accepted((open) => {
          const channel = open({
            onMessage: () =>
              void taken.push(channel.send(answer), channel.send(answer), channel.send(answer)),
            onFramingError() {},
            onClose() {},
          });
        }),
    });
    const opened = client();
    const lengths: number[] = [];
    // Without fragments a message is one Buffer.
    opened.on('message', (data) => void lengths.push((data as Buffer).length));
    await once(opened, 'open');
    opened.send('{}');
    while (lengths.length < 3 && opened.readyState === opened.OPEN)
      await new Promise((next) => setImmediate(next));
    expect(taken).toEqual([true, true, true]);
    expect(lengths).toEqual([10_000_000, 10_000_000, 10_000_000]);
  });

  // guard: upgrade/stall
  it('closes with 1008 when a client does not read what waits for it, though it goes on sending, and says so', async () => {
    const warnings: unknown[] = [];
    await start(
      {
        writeTimeoutMs: 100,
        pingMs: 10,
        maxBacklogBytes: 100_000_000,
        decide: () =>
          accepted((open) => {
            const channel = open({
              onMessage: (text) => void (text === 'go' && channel.send('x'.repeat(32_000_000))),
              onFramingError() {},
              onClose() {},
            });
          }),
      },
      { ...silentLogger, warn: (fields, message) => void warnings.push([fields, message]) },
    );
    const opened = client();
    await once(opened, 'open');
    opened.send('go');
    opened.pause();
    while (warnings.length === 0) {
      opened.send('still sending');
      await new Promise((next) => setTimeout(next, 5));
    }
    expect(warnings).toEqual([
      [{ closeCode: 1008 }, 'a client does not read its messages; its connection was closed'],
    ]);
  });

  it('asks no ping of a client that is behind with reading', async () => {
    await start({
      pingMs: 10,
      decide: () =>
        accepted((open) => {
          const channel = open({
            onMessage: () => void channel.send('x'.repeat(32_000_000)),
            onFramingError() {},
            onClose() {},
          });
        }),
    });
    const opened = client();
    await once(opened, 'open');
    opened.send('go');
    opened.pause();
    // Many times what a client has for its pongs.
    await new Promise((next) => setTimeout(next, 200));
    opened.resume();
    // The first argument of `message` is a Buffer.
    const [data] = (await once(opened, 'message')) as [Buffer];
    expect(data.length).toBe(32_000_000);
    expect(opened.readyState).toBe(WebSocket.OPEN);
  });

  it('closes with 1013 on a message for which others leave no room, and takes it when they have gone', async () => {
    const budget = new SmallBudget(400_000);
    await start({ budget });
    const [first, second, third] = [client(), client(), client()];
    await Promise.all([first, second, third].map((opened) => once(opened, 'open')));
    first.send('x'.repeat(250_000), { fin: false });
    while (budget.held < 250_000) await new Promise((next) => setImmediate(next));
    for (let count = 0; count < 50; count++) first.ping('p'.repeat(100));
    const code = closeCode(second);
    second.send('y'.repeat(300_000));
    expect(await code).toBe(1013);
    // Pings in the middle of a message cost little; what was counted of the refused one is given back.
    while (budget.held > 300_000) await new Promise((next) => setImmediate(next));
    expect(budget.held).toBeGreaterThanOrEqual(250_000);
    first.terminate();
    while (budget.held > 0) await new Promise((next) => setImmediate(next));
    third.send('z'.repeat(300_000));
    // The first argument of `message` is a Buffer.
    const [data] = (await once(third, 'message')) as [Buffer];
    expect(data.length).toBe(300_000);
    expect(budget.held).toBe(0);
  });

  it('counts pieces of a message by what each keeps alive, and no pings beside them', async () => {
    const budget = new SmallBudget(10_000_000);
    await start({ budget });
    const opened = client();
    await once(opened, 'open');
    for (let count = 0; count < 20; count++) {
      opened.ping('p'.repeat(100));
      await once(opened, 'pong');
    }
    expect(budget.held).toBe(0);
    for (let count = 0; count < 20; count++) {
      opened.send('x', { fin: false });
      opened.ping('p'.repeat(100));
      await once(opened, 'pong');
    }
    expect(budget.held).toBeGreaterThan(20 * 256);
    opened.send('x');
    await once(opened, 'message');
    expect(budget.held).toBe(0);
  });

  // guard: upgrade/control-flood
  it('closes with 1008 when control frames flood a message', async () => {
    await start({ budget: new SmallBudget(10_000_000) });
    const opened = client();
    await once(opened, 'open');
    const code = closeCode(opened);
    opened.send('x', { fin: false });
    for (let count = 0; count < 12_000; count++) opened.pong('p'.repeat(100));
    expect(await code).toBe(1008);
  });

  it('cuts a client that answers no ping', async () => {
    await start({ pingMs: 10 });
    const opened = client(['mcp'], { autoPong: false });
    await once(opened, 'open');
    expect(await closeCode(opened)).toBe(1006);
    const alive = client();
    let pings = 0;
    await new Promise<void>((resolve) => alive.on('ping', () => ++pings === 6 && resolve()));
    expect(alive.readyState).toBe(WebSocket.OPEN);
  });

  it('cuts what is open when the listener has drained', async () => {
    await start();
    const opened = client();
    await once(opened, 'open');
    const code = closeCode(opened);
    await listener.drain(0);
    expect(await code).toBe(1006);
  });
});
