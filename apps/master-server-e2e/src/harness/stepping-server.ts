import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { atEnd } from './end-everything.ts';

/** A server of the SDK 1.x in this process whose tool `steps` goes on when the test says so. */
export interface SteppingServer {
  readonly url: string;
  /** Requests by HTTP method and path, without the query. */
  readonly requests: readonly string[];
  /** Calls of `steps` that have begun. */
  calls(): number;
  /** Lets the running call send one more progress notification; the last one is followed by the answer. */
  step(): void;
  /** Offers one more tool, and says so. */
  addTool(name: string): void;
  /** Breaks every connection and forgets every session. */
  restart(): void;
}

type Connect = Parameters<McpServer['connect']>[0];

/**
 * @param transport - `http` is Streamable HTTP with sessions; `sse` is HTTP+SSE, and nothing else is spoken.
 */
export async function startSteppingServer(transport: 'http' | 'sse'): Promise<SteppingServer> {
  const servers: McpServer[] = [];
  const requests: string[] = [];
  const tools: string[] = [];
  let waiting: (() => void)[] = [];
  let steps = 0;
  let calls = 0;
  const untilStep = async (): Promise<void> => {
    while (steps === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    steps--;
  };
  const create = (): McpServer => {
    const server = new McpServer(
      { name: 'stepping', version: '1' },
      { capabilities: { tools: { listChanged: true } } },
    );
    server.registerTool('steps', { inputSchema: { count: z.number() } }, async ({ count }, extra) => {
      calls++;
      const progressToken = extra._meta?.progressToken;
      for (let progress = 1; progress <= count; progress++) {
        await untilStep();
        if (progressToken !== undefined) {
          await extra.sendNotification({
            method: 'notifications/progress',
            params: { progressToken, progress, total: count },
          });
        }
      }
      return { content: [{ type: 'text', text: `took ${count} steps` }] };
    });
    for (const name of tools) server.registerTool(name, {}, () => ({ content: [] }));
    servers.push(server);
    return server;
  };
  const answer = transport === 'http' ? overHttp(create) : overSse(create);
  const http = createServer((request, response) => {
    requests.push(`${request.method} ${request.url?.split('?')[0]}`);
    void answer.handle(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    http.closeAllConnections();
    http.close();
  });
  // A TCP server that listens has an address with a port.
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/${transport === 'http' ? 'mcp' : 'sse'}`,
    requests,
    calls: () => calls,
    step: () => {
      steps++;
      const resolvers = waiting;
      waiting = [];
      for (const resolve of resolvers) resolve();
    },
    addTool: (name) => {
      tools.push(name);
      for (const server of servers) server.registerTool(name, {}, () => ({ content: [] }));
    },
    restart: () => {
      servers.length = 0;
      answer.forget();
      http.closeAllConnections();
    },
  };
}

interface Answering {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly forget: () => void;
}

function overHttp(create: () => McpServer): Answering {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = request.headers['mcp-session-id'];
    let session = typeof id === 'string' ? sessions.get(id) : undefined;
    if (id !== undefined && session === undefined) return void response.writeHead(404).end();
    if (session === undefined) {
      const opened = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (sessionId) => void sessions.set(sessionId, opened),
      });
      // The SDK's own class does not fit its own interface under exactOptionalPropertyTypes.
      await create().connect(opened as Connect);
      session = opened;
    }
    await session.handleRequest(request, response);
  };
  return { handle, forget: () => sessions.clear() };
}

function overSse(create: () => McpServer): Answering {
  const sessions = new Map<string, SSEServerTransport>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '', 'http://localhost');
    if (request.method === 'GET' && url.pathname === '/sse') {
      const opened = new SSEServerTransport('/messages', response);
      sessions.set(opened.sessionId, opened);
      return await create().connect(opened as Connect);
    }
    const session = sessions.get(url.searchParams.get('sessionId') ?? '');
    if (request.method === 'POST' && url.pathname === '/messages' && session !== undefined)
      return await session.handlePostMessage(request, response);
    response.writeHead(404).end();
  };
  return { handle, forget: () => sessions.clear() };
}
