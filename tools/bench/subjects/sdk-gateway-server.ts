/** A plain gateway on the SDK: `node sdk-gateway-server.ts PORT http URL` or `… PORT stdio COMMAND ARGS…`. */
import { createServer } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';

const INFO = { name: 'sdk-gateway', version: '1.0.0' };

const [port, kind, location = '', ...args] = process.argv.slice(2);
const client = new Client(INFO, { versionNegotiation: { mode: 'auto' } });
await client.connect(
  kind === 'http'
    ? new StreamableHTTPClientTransport(new URL(location))
    : new StdioClientTransport({ command: location, args }),
);

const handler = createMcpHandler(() => {
  const server = new Server(INFO, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', (request) => client.listTools(request.params));
  server.setRequestHandler('tools/call', (request) => client.callTool(request.params));
  return server;
});

const onRequest = toNodeHandler(handler);
createServer((request, response) => {
  // Holds: an IncomingMessage is what the adapter is made for; only its optional fields are declared more
  // narrowly.
  void onRequest(request as Parameters<typeof onRequest>[0], response);
}).listen(Number(port), '127.0.0.1');
