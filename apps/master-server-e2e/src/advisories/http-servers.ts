import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from '../harness/end-everything.ts';

/** A server where nothing should arrive, and what arrived. */
export interface Sentinel {
  readonly origin: string;
  readonly requests: readonly string[];
}

/** Starts a server that remembers every request. */
export async function startSentinel(): Promise<Sentinel> {
  const requests: string[] = [];
  const origin = await listen((request, response) => {
    requests.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  return { origin, requests };
}

/** Starts a legacy MCP server with the tool "trap" whose calls are answered by `onCall`. */
export async function startTrap(onCall: (response: ServerResponse) => void): Promise<string> {
  const origin = await listen((request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end();
    void bodyOf(request).then((body) => {
      // Omni sends JSON-RPC.
      const { id, method } = JSON.parse(body) as { id?: unknown; method: string };
      if (method === 'tools/call') return onCall(response);
      if (id === undefined) return response.writeHead(202).end();
      const hello =
        '"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"trap","version":"1"}';
      const results: Readonly<Record<string, string>> = {
        initialize: hello,
        'tools/list': '"tools":[{"name":"trap","inputSchema":{"type":"object"}}]',
      };
      const result = results[method];
      const answer = result === undefined ? '"error":{"code":-32601,"message":"no"}' : `"result":{${result}}`;
      return response
        .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's-1' })
        .end(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},${answer}}`);
    });
  });
  return `${origin}/mcp`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  // Without an encoding a request yields buffers.
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an address with a port.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
