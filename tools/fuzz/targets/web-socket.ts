import { once } from 'node:events';
import { connect } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { NodeHttpListener } from '@omni/node';
import { silentLogger, type ChannelListener } from '@omni/ports';
import { BrokenPromise, promise, type FuzzTarget } from '../fuzz-target.ts';
import { modelConversation, readServerFrames, type Conversation } from './web-socket-model.ts';

/** A server that WebSocket clients can send bytes to. */
export interface Server {
  converse(bytes: Uint8Array): Promise<Conversation>;
  close(): Promise<void>;
}

const MAX_BYTES = 200;
/** Generous: a busy machine is not what is looked for. */
const DEADLINE_MS = 20_000;
const UPGRADE =
  'GET /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/**
 * WebSocket frames over a real socket: what the standard says happens, and the server ends with its client.
 */
export function webSocket(open: () => Promise<Server> = openServer): FuzzTarget {
  let server: Promise<Server> | undefined;
  return {
    name: 'web-socket',
    promise:
      'any bytes behind the upgrade give the messages, pongs and close code of RFC 6455; the connection ends with the client, and each breach is told to the operator',
    covers: /adapters\/node\/src\/sockets\/web-socket|ws\/lib\/(?:receiver|websocket)\.js$/,
    seeds: [
      frame(0x81, '{"a":1}'),
      Buffer.concat([frame(0x01, 'a'), frame(0x89, 'p'), frame(0x80, 'é')]),
      Buffer.concat([frame(0x88, Buffer.from([0x03, 0xe8, 0x61])), frame(0x81, 'late')]),
      frame(0x82, 'bytes'),
      frame(0x81, 'x'.repeat(130)),
      Buffer.from([0x81, 0xff, 0, 0x20, 0, 0, 0, 0, 0, 1]),
      Buffer.concat([frame(0x8a, ''), frame(0x81, ''), frame(0x88, '')]),
    ],
    dictionary: ['\u0001', '\0\0\0\0', 'a', '~', '\u007f', 'xxxxxxxxxxxxxxxx'],
    isJson: false,
    // More than about 60 pings at once, and `ws` cuts the connection.
    maxBytes: 300,
    async check(input) {
      server ??= open();
      const expected = modelConversation(Buffer.from(input), MAX_BYTES);
      const found = await (await server).converse(input);
      promise(found.breach === expected.breach, 'a breach is told to the operator, and nothing else is', () =>
        JSON.stringify([found, expected]),
      );
      promise(isDeepStrictEqual(found, expected), 'a conversation is that of the standard', () =>
        JSON.stringify([found, expected]),
      );
      return `${Math.min(found.messages.length, 3)} messages, ${Math.min(found.pongs.length, 3)} pongs, ${SPECIAL_CODES.has(found.closeCode ?? 0) ? found.closeCode : 'other'}`;
    },
    async close() {
      await (await server)?.close();
    },
  };
}

const SPECIAL_CODES: ReadonlySet<number> = new Set([0, 1000, 1002, 1005, 1007, 1008, 1009]);

/** @param first - Of the frame: FIN, opcode. The mask is fixed. */
function frame(first: number, payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  const mask = [1, 2, 3, 4];
  const head = bytes.length < 126 ? [bytes.length | 0x80] : [0xfe, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.from([first, ...head, ...mask, ...bytes.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

/** The listener of Omni on a free port of the loopback interface; one conversation at a time. */
export async function openServer(): Promise<Server> {
  let messages: string[] = [];
  let breach: number | undefined;
  let onEnd: () => void = () => {};
  const warn = (fields: unknown): void => {
    // The only warning there is says with which code a client was closed.
    if (typeof fields === 'object' && fields !== null && 'closeCode' in fields)
      breach = Number(fields.closeCode);
  };
  const channel: ChannelListener = {
    onMessage: (text) => void messages.push(text),
    onFramingError() {},
    onClose: () => onEnd(),
  };
  const listener = new NodeHttpListener({
    handler: (exchange) => exchange.respond(404, []),
    logger: { ...silentLogger, warn },
    webSockets: {
      decide: () => ({
        kind: 'accepted',
        principal: { id: 'fuzz', kind: 'token' },
        serve: (open) => {
          open(channel);
          return { idleSinceMs: undefined };
        },
      }),
      maxMessageBytes: MAX_BYTES,
    },
  });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  return {
    async converse(bytes) {
      messages = [];
      breach = undefined;
      const hasEnded = new Promise<void>((resolve) => (onEnd = resolve));
      const socket = connect({ host: '127.0.0.1', port });
      const chunks: Buffer[] = [];
      const deadline = setTimeout(
        () => socket.destroy(new BrokenPromise('the connection does not end with its client')),
        DEADLINE_MS,
      );
      try {
        const closed = once(socket, 'close');
        socket.on('data', (chunk: Buffer) => chunks.push(chunk));
        // The head of the answer has to be there first: what comes with the upgrade is another story.
        socket.write(UPGRADE);
        await once(socket, 'data');
        socket.end(bytes);
        await closed;
      } finally {
        clearTimeout(deadline);
      }
      await hasEnded;
      const answer = Buffer.concat(chunks);
      const frames = answer.subarray(answer.indexOf('\r\n\r\n') + 4);
      return { messages, ...readServerFrames(frames), breach };
    },
    close: async () => void (await listener.drain(0)),
  };
}
