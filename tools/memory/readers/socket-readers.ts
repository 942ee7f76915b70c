import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { NodeHttpListener } from '@omni/node';
import { type CountedByteBudget, silentLogger } from '@omni/ports';

/** Something that a client sends and does not end. */
export interface SocketInput {
  readonly name: string;
  /** Sent in one piece each. */
  readonly writes: readonly Buffer[];
  /** The listener has read everything when it holds so much. */
  readonly heldBytes: number;
}

const HEAD =
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
const UPGRADE =
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mcp\r\n\r\n';
const MASK = '00000000';
const FIRST_FRAGMENT = Buffer.from(`0181${MASK}20`, 'hex');
const FRAGMENT = Buffer.from(`0081${MASK}20`, 'hex');
const PONG = Buffer.from(`8a80${MASK}`, 'hex');
/** The head of one frame of 32 MiB. */
const LONG_FRAME = Buffer.from(`81ff0000000002000000${MASK}`, 'hex');
const KIB_64 = 64 * 1024;

function times(count: number, bytes: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => bytes));
}

/** Request bodies and WebSocket messages, which Node and `ws` cut. */
export const SOCKET_INPUTS: readonly SocketInput[] = [
  {
    name: 'a body in chunks of one byte',
    writes: [Buffer.from(HEAD), ...Array.from({ length: 50 }, () => times(4_000, Buffer.from('1\r\n \r\n')))],
    heldBytes: 200_000,
  },
  {
    name: 'a body in chunks of 64 KiB',
    writes: [
      Buffer.from(HEAD),
      ...Array.from({ length: 160 }, () => Buffer.from(`10000\r\n${' '.repeat(KIB_64)}\r\n`)),
    ],
    heldBytes: 160 * KIB_64,
  },
  {
    name: 'a WebSocket message in fragments of one byte',
    writes: [Buffer.from(UPGRADE), FIRST_FRAGMENT, times(15_000, FRAGMENT)],
    heldBytes: 15_000 * FRAGMENT.length,
  },
  {
    name: 'a WebSocket message between pongs',
    writes: [
      Buffer.from(UPGRADE),
      FIRST_FRAGMENT,
      ...Array.from({ length: 16 }, () => Buffer.concat([times(10_000, PONG), FRAGMENT])),
    ],
    heldBytes: 16 * 10_000 * PONG.length,
  },
  {
    name: 'one long WebSocket frame',
    writes: [
      Buffer.from(UPGRADE),
      LONG_FRAME,
      ...Array.from({ length: 160 }, () => Buffer.alloc(KIB_64, 32)),
    ],
    heldBytes: 160 * KIB_64,
  },
];

/** A listener with one client that has sent the input, and lets its own memory go. */
export class FedListener {
  readonly #listener: NodeHttpListener;
  #client: Socket | undefined;

  constructor(budget: CountedByteBudget) {
    this.#listener = new NodeHttpListener({
      logger: silentLogger,
      budget,
      handler: (exchange) => {
        void exchange.readBody(64 * 1024 * 1024).catch(() => {});
      },
      webSockets: {
        decide: () => ({
          kind: 'accepted',
          principal: { id: 'ada', kind: 'token' },
          serve: (open) => {
            open({ onMessage() {}, onFramingError() {}, onClose() {} });
            return { idleSinceMs: undefined };
          },
        }),
        maxMessageBytes: 64 * 1024 * 1024,
        budget,
      },
    });
  }

  /** The connection stands. */
  async open(): Promise<void> {
    const { port } = await this.#listener.listen({ host: '127.0.0.1', port: 0 });
    const client = connect(port, '127.0.0.1');
    client.on('error', () => {}).resume();
    await new Promise((resolve) => client.once('connect', resolve));
    this.#client = client;
  }

  async feed({ writes, heldBytes }: SocketInput, budget: CountedByteBudget): Promise<void> {
    for (const bytes of writes) await new Promise((resolve) => this.#client?.write(bytes, resolve));
    while (budget.held < heldBytes) await turn();
  }

  async close(): Promise<void> {
    this.#client?.destroy();
    await this.#listener.drain(0);
  }
}
