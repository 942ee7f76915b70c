import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { atEnd } from '../harness/end-everything.ts';
import { MODERN } from '../harness/raw-mcp.ts';

/** What the tool `big` is asked for. */
export interface BigArguments {
  /** Length of the text of its result. */
  readonly bytes: number;
  /** Where the id stands: behind a result it cannot be seen before the end. Default `first`. */
  readonly id?: 'first' | 'last';
  /** Whether the length is declared. Default `true`. */
  readonly isDeclared?: boolean;
  /** Bytes of the text after which the connection breaks, or nothing more comes. */
  readonly breaksAfter?: number;
  readonly silentAfter?: number;
  /** No answer of this name ends before so many have come as far as that, or were cut. */
  readonly together?: { readonly name: string; readonly count: number };
  /** Milliseconds before anything is answered. */
  readonly delayMs?: number;
}

/**
 * An HTTP server in the test's own process: large answers, and calls that never end. It speaks the modern
 * era, and the legacy one without sessions.
 */
export interface LoadUpstream {
  readonly url: string;
  /** Calls of the tool `never` that are open. */
  readonly open: number;
  /** Answers of `big` that are under way. */
  readonly sending: number;
  /** When each call of `never` was given up by Omni, on `performance.now()`, by its token. */
  readonly endedAtMs: ReadonlyMap<string, number>;
}

interface Request {
  readonly id?: unknown;
  readonly method: string;
  readonly params?: {
    readonly protocolVersion?: string;
    readonly name?: string;
    readonly arguments?: BigArguments & { readonly token?: string };
  };
}

const PIECE = Buffer.from('x'.repeat(1_000_000));
const TOOLS = ['big', 'echo', 'never'].map((name) => ({ name, inputSchema: { type: 'object' } }));
const CACHE = { ttlMs: 3_600_000, cacheScope: 'public' };

/** Starts it on a free port; it ends with the test file. */
export async function startLoadUpstream(): Promise<LoadUpstream> {
  const endedAtMs = new Map<string, number>();
  let open = 0;
  let sending = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      // Omni sends JSON-RPC, and nothing else here.
      const message = (
        chunks.length === 0 ? { method: '' } : JSON.parse(Buffer.concat(chunks).toString())
      ) as Request;
      const { id, params } = message;
      const token = params?.arguments?.token ?? '';
      if (id === undefined) return void response.writeHead(request.method === 'POST' ? 202 : 405).end();
      if (params?.name === 'big' && params.arguments !== undefined) {
        sending++;
        response.once('close', () => sending--);
        return void sendBig(response, JSON.stringify(id), params.arguments);
      }
      if (params?.name === 'never') {
        open++;
        return void response.once('close', () => {
          open--;
          endedAtMs.set(token, performance.now());
        });
      }
      const result = resultOf(message.method, params?.protocolVersion);
      const answer = JSON.stringify(
        result === undefined
          ? { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } }
          : { jsonrpc: '2.0', id, result: { resultType: 'complete', ...result } },
      );
      response
        .writeHead(result === undefined ? 404 : 200, { 'content-type': 'application/json' })
        .end(answer);
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    // A TCP server that listens has an address with a port.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    get open() {
      return open;
    },
    get sending() {
      return sending;
    },
    endedAtMs,
  };
}

function resultOf(method: string, version: string | undefined): object | undefined {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: version,
        capabilities: { tools: {} },
        serverInfo: { name: 'load', version: '1' },
      };
    case 'server/discover':
      return {
        supportedVersions: [MODERN],
        capabilities: { tools: {} },
        ...CACHE,
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'load', version: '1' } },
      };
    case 'tools/list':
      return { tools: TOOLS, ...CACHE };
    case 'tools/call':
      return { content: [{ type: 'text', text: 'small' }] };
    default:
      return undefined;
  }
}

/** Head and tail of the answer of `big`, around its text. */
export function bigFrame(
  id: string,
  where: 'first' | 'last' = 'first',
): readonly [head: string, tail: string] {
  const content = '{"resultType":"complete","content":[{"type":"text","text":"';
  return where === 'first'
    ? [`{"jsonrpc":"2.0","id":${id},"result":${content}`, '"}]}}']
    : [`{"result":${content}`, `"}]},"jsonrpc":"2.0","id":${id}}`];
}

async function sendBig(response: ServerResponse, id: string, wanted: BigArguments): Promise<void> {
  const { bytes, breaksAfter, silentAfter } = wanted;
  if (wanted.delayMs !== undefined) await delay(wanted.delayMs);
  const [head, tail] = bigFrame(id, wanted.id);
  const length = head.length + bytes + tail.length;
  response.on('error', () => {});
  response.writeHead(200, {
    'content-type': 'application/json',
    ...(wanted.isDeclared === false ? {} : { 'content-length': length }),
  });
  response.write(head);
  const until = breaksAfter ?? silentAfter ?? bytes;
  for (let sent = 0; sent < until && !response.destroyed; sent += PIECE.length) {
    const isFree = response.write(PIECE.subarray(0, Math.min(PIECE.length, until - sent)));
    if (!isFree) await drained(response);
  }
  if (wanted.together !== undefined) await arrival(wanted.together);
  if (breaksAfter !== undefined) response.destroy();
  else if (silentAfter === undefined) response.end(tail);
}

/** Those who wait for one another, by name. */
const waiting = new Map<string, { count: number; readonly resolvers: (() => void)[] }>();

async function arrival({ name, count }: { readonly name: string; readonly count: number }): Promise<void> {
  const group = waiting.get(name) ?? { count: 0, resolvers: [] };
  waiting.set(name, group);
  group.count++;
  if (group.count < count) return await new Promise((resolve) => group.resolvers.push(resolve));
  for (const resolve of group.resolvers) resolve();
}

/** Resolves when a response accepts more data or is closed. */
async function drained(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
