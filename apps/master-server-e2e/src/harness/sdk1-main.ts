import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSdk1Server } from './sdk1-server.ts';

const state = { cancelled: 0, noteVersion: 1 };

if (process.argv.includes('--stdio')) {
  await createSdk1Server(state).connect(new StdioServerTransport());
} else {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    // The SDK's own class does not fit its own interface under exactOptionalPropertyTypes.
    await createSdk1Server(state).connect(
      transport as Parameters<ReturnType<typeof createSdk1Server>['connect']>[0],
    );
    return transport;
  };
  const http = createServer((request, response) => {
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? sessions.get(id) : undefined;
    if (id !== undefined && known === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}');
      return;
    }
    void Promise.resolve(known ?? open()).then((transport) => transport.handleRequest(request, response));
  });
  http.listen(0, '127.0.0.1', () => {
    // A TCP server that listens has an address with a port.
    process.stdout.write(
      `${JSON.stringify({ url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp` })}\n`,
    );
  });
  process.once('SIGTERM', () => process.exit(0));
}
