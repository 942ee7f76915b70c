import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Logger, type OpenChannel, type Principal, silentLogger, UnreadAnswers } from '@omni/ports';
import { afterEach, describe, expect, it } from '@jest/globals';
import { NodeHttpListener } from './http/http-listener.ts';
import { IN_USE } from './sockets/accepted.fixture.ts';
import { NodeSocketListener } from './sockets/socket-listener.ts';

/** More than the system takes of what nobody reads. */
const ANSWER = 'x'.repeat(32_000_000);
const BUDGET = 48_000_000;
const ADA: Principal = { id: 'ada', kind: 'token' };
const BOB: Principal = { id: 'bob', kind: 'token' };

interface Front {
  readonly port: number;
  /** Asks as its user. */
  readonly ask: (user: string) => string;
  close(): void;
}

interface Cut {
  readonly code: string;
  readonly user: string;
  readonly where: string;
}

const cuts: Cut[] = [];
const logger: Logger = { ...silentLogger, warn: (fields) => void cuts.push(fields as unknown as Cut) };
const sockets: Socket[] = [];
let front: Front;

afterEach(() => {
  cuts.length = 0;
  for (const socket of sockets.splice(0)) socket.destroy();
  front.close();
});

function principalOf(user: string | undefined): Principal {
  return user === 'bob' ? BOB : ADA;
}

function answering(open: OpenChannel): typeof IN_USE {
  const channel = open({ onMessage: () => void channel.send(ANSWER), onFramingError() {}, onClose() {} });
  return IN_USE;
}

async function http(unread: UnreadAnswers, isStream: boolean): Promise<Front> {
  const listener = new NodeHttpListener({
    handler: (exchange) => {
      exchange.belongsTo(principalOf(exchange.header('user')));
      if (!isStream) return exchange.respond(200, [], ANSWER);
      exchange.stream(200, []).write(ANSWER);
    },
    webSockets: {
      decide: (request) => ({
        kind: 'accepted',
        principal: principalOf(request.header('user')),
        serve: answering,
      }),
      maxMessageBytes: 1_000,
      unread,
    },
    unread,
    logger,
  });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  const ask = (user: string): string => `GET / HTTP/1.1\r\nHost: localhost\r\nUser: ${user}\r\n\r\n`;
  return { port, ask, close: () => void listener.drain(0) };
}

async function webSockets(unread: UnreadAnswers): Promise<Front> {
  const upgrade =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const message = String.fromCharCode(0x81, 0x82, 0, 0, 0, 0) + '{}';
  const opened = await http(unread, false);
  return {
    ...opened,
    ask: (user) => `GET / HTTP/1.1\r\nHost: localhost\r\nUser: ${user}\r\n${upgrade}\r\n${message}`,
  };
}

async function tcp(unread: UnreadAnswers): Promise<Front> {
  let connections = 0;
  const listener = new NodeSocketListener({
    principalOf: () => principalOf(['ada', 'bob', 'ada'][connections++]),
    onConnection: answering,
    maxMessageBytes: 1_000,
    unread,
    maxBacklogBytes: 64_000_000,
    logger,
  });
  const address = await listener.listen({ host: '127.0.0.1', port: 0 });
  return { port: 'port' in address ? address.port : 0, ask: () => '{}\n', close: () => listener.close() };
}

describe('answers that nobody reads', () => {
  it.each<[string, (unread: UnreadAnswers) => Promise<Front>, string]>([
    ['HTTP, whole', (unread) => http(unread, false), 'HTTP'],
    ['HTTP, in a stream', (unread) => http(unread, true), 'HTTP'],
    ['WebSockets', webSockets, 'WebSocket'],
    ['TCP', tcp, 'socket'],
  ])(
    'share one budget over %s: who has most loses one, and is named with a code',
    async (_how, open, where) => {
      const unread = new UnreadAnswers(BUDGET);
      front = await open(unread);
      const ask = async (user: string): Promise<Socket> => {
        const socket = connect({ host: '127.0.0.1', port: front.port });
        sockets.push(socket);
        socket.on('error', () => {});
        socket.pause();
        const before = unread.total + cuts.length;
        socket.write(front.ask(user), 'latin1');
        while (unread.total + cuts.length === before) await new Promise((next) => setImmediate(next));
        return socket;
      };
      const first = await ask('ada');
      const bob = await ask('bob');
      expect(cuts).toMatchObject([{ code: 'OMNI_ANSWERS_UNREAD', where }]);
      expect(unread.total).toBeLessThanOrEqual(BUDGET);
      // Whoever was left is read to the end.
      const left = cuts[0]?.user === 'ada' ? bob : first;
      let bytes = 0;
      left.on('data', (chunk: Buffer) => (bytes += chunk.length));
      left.resume();
      while (bytes < ANSWER.length) await once(left, 'data');
      expect(cuts).toHaveLength(1);
    },
  );

  it('count what waits behind the answer of an earlier request of the same connection', async () => {
    const unread = new UnreadAnswers(BUDGET);
    const first: (() => void)[] = [];
    const listener = new NodeHttpListener({
      handler: (exchange) => {
        exchange.belongsTo(ADA);
        if (first.length === 0) first.push(() => exchange.respond(200, []));
        else exchange.respond(200, [], ANSWER);
      },
      unread,
      logger,
    });
    const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
    front = { port, ask: () => '', close: () => void listener.drain(0) };
    const socket = connect({ host: '127.0.0.1', port });
    sockets.push(socket);
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(3));
    await closed;
    expect(cuts).toMatchObject([{ code: 'OMNI_ANSWERS_UNREAD', user: 'ada' }]);
  });
});
