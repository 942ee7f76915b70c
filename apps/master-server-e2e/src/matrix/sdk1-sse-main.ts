import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSdk1Server } from '../harness/sdk1-server.ts';

/** The server of the harness over HTTP+SSE, the transport of revision 2024-11-05. */

const state = { cancelled: 0, noteVersion: 1 };
const sessions = new Map<string, SSEServerTransport>();

const http = createServer((request, response) => {
  if (request.method === 'GET') {
    const transport = new SSEServerTransport('/messages', response);
    sessions.set(transport.sessionId, transport);
    response.once('close', () => sessions.delete(transport.sessionId));
    // The SDK's own class does not fit its own interface under exactOptionalPropertyTypes.
    void createSdk1Server(state).connect(
      transport as Parameters<ReturnType<typeof createSdk1Server>['connect']>[0],
    );
    return;
  }
  const id = new URL(request.url ?? '', 'http://localhost').searchParams.get('sessionId') ?? '';
  const session = sessions.get(id);
  if (session === undefined) return void response.writeHead(404).end();
  void session.handlePostMessage(request, response);
});
http.listen(0, '127.0.0.1', () => {
  // A TCP server that listens has an address with a port.
  process.stdout.write(
    `${JSON.stringify({ url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/sse` })}\n`,
  );
});
process.once('SIGTERM', () => process.exit(0));
