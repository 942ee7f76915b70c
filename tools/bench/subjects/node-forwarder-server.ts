/** A bare forwarder: `node node-forwarder-server.ts PORT http URL`. */
import { Buffer } from 'node:buffer';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createPool } from './undici.ts';

const MAX_CONNECTIONS = 128;
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host']);

const [port, , url] = process.argv.slice(2);
const upstream = new URL(url ?? '');
const pool = createPool(upstream.origin, MAX_CONNECTIONS);

function forward(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const headers: string[] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? '';
    if (!HOP_BY_HOP.has(name.toLowerCase())) headers.push(name, request.rawHeaders[index + 1] ?? '');
  }
  let first: Buffer | undefined;
  pool.dispatch(
    { path: upstream.pathname, method: request.method ?? 'POST', headers, body },
    {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, status, answered) => {
        const headers = Object.entries(answered).filter(([name]) => !HOP_BY_HOP.has(name));
        response.writeHead(status, Object.fromEntries(headers));
      },
      // The first chunk waits: when it is the only one, head and body leave in one write.
      onResponseData: (_controller, chunk) => {
        if (first !== undefined) response.write(first);
        first = chunk;
      },
      onResponseEnd: () => response.end(first),
      onResponseError: () => response.destroy(),
    },
  );
}

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const [only = Buffer.alloc(0)] = chunks;
    forward(request, response, chunks.length === 1 ? only : Buffer.concat(chunks));
  });
})
  .on('clientError', (_error, socket) => socket.destroy())
  .listen(Number(port), '127.0.0.1');
