import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from './end-everything.ts';

/** What a request brought to the server. */
export interface ReceivedTaskRequest {
  readonly method: string;
  /** `Mcp-Name` as it came. */
  readonly name: string | undefined;
  readonly body: string;
}

/** A server of the modern era that keeps tasks (io.modelcontextprotocol/tasks), in the test's own process. */
export interface ModernTaskServer {
  readonly url: string;
  readonly received: readonly ReceivedTaskRequest[];
  /** Subscriptions that are open. */
  readonly listening: number;
  /** Tells whoever listens to the task how it is getting on. */
  tell(taskId: string, status: string): void;
}

interface Request {
  readonly id: number | string;
  readonly method: string;
  readonly params: {
    readonly taskId?: string;
    readonly name?: string;
    readonly notifications?: { readonly taskIds?: readonly string[] };
  };
}

const TASKS = '"capabilities":{"tools":{},"extensions":{"io.modelcontextprotocol/tasks":{}}}';
const LASTING = '"ttlMs":60000,"cacheScope":"private"';

/**
 * Starts it on a free port; it ends with the test file. Its tasks are called `task 1`, `task 2` and so on.
 */
export async function startModernTaskServer(): Promise<ModernTaskServer> {
  const received: ReceivedTaskRequest[] = [];
  const listens = new Map<ServerResponse, { readonly id: string; readonly taskIds: readonly string[] }>();
  let tasks = 0;
  const answerTo = ({ method, params }: Request): string => {
    switch (method) {
      case 'server/discover':
        return `{"resultType":"complete","supportedVersions":["2026-07-28"],${TASKS},${LASTING}}`;
      case 'tools/list':
        return `{"resultType":"complete","tools":[{"name":"long","inputSchema":{"type":"object"}},{"name":"short","inputSchema":{"type":"object"}}],${LASTING}}`;
      case 'tools/call':
        if (params.name === 'short') return '{"resultType":"complete","content":[],"n":1.0}';
        return `{"resultType":"task","status":"working", "taskId" : "task ${++tasks}","ttlMs":6.0e4}`;
      default:
        return `{"resultType":"complete","n":1.0, "taskId" : ${JSON.stringify(params.taskId)},"status":"completed","result":{"content":[],"taskId":"task 1"}}`;
    }
  };
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      // Omni sends JSON-RPC.
      const message = JSON.parse(body) as Request;
      const name = request.headers['mcp-name'];
      received.push({ method: message.method, name: typeof name === 'string' ? name : undefined, body });
      const id = JSON.stringify(message.id);
      if (message.method !== 'subscriptions/listen') {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(`{"jsonrpc":"2.0","id":${id},"result":${answerTo(message)}}`);
        return;
      }
      const taskIds = message.params.notifications?.taskIds ?? [];
      listens.set(response, { id, taskIds });
      response.once('close', () => listens.delete(response));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const filter = JSON.stringify({ taskIds });
      send(response, id, 'notifications/subscriptions/acknowledged', `"notifications":${filter}`);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    http.closeAllConnections();
    http.close();
  });
  return {
    // A TCP server that listens has an address with a port.
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    received,
    get listening() {
      return [...listens.values()].filter(({ taskIds }) => taskIds.length > 0).length;
    },
    tell(taskId, status) {
      for (const [response, listen] of listens)
        if (listen.taskIds.includes(taskId))
          send(
            response,
            listen.id,
            'notifications/tasks',
            `"status":"${status}", "taskId" : ${JSON.stringify(taskId)}`,
          );
    },
  };
}

function send(response: ServerResponse, id: string, method: string, params: string): void {
  const meta = `"_meta":{"io.modelcontextprotocol/subscriptionId":${id}}`;
  response.write(`data: {"jsonrpc":"2.0","method":"${method}","params":{${meta},${params}}}\n\n`);
}
