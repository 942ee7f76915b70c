import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from './end-everything.ts';
import { rawAnswer, type RawHttpUpstream } from './raw-http-upstream.ts';

/**
 * The same as `startRawHttpUpstream`, on the transport HTTP+SSE (2024-11-05): answers come on the one stream.
 */
export async function startRawSseUpstream(): Promise<RawHttpUpstream> {
  const bodies: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  let stream: ServerResponse | undefined;
  const server = createServer((request, response) => {
    if (request.method === 'POST' && request.url !== '/messages') return void response.writeHead(405).end();
    headers.push(request.headers);
    if (request.method === 'GET') {
      stream = response.writeHead(200, { 'content-type': 'text/event-stream' });
      return void stream.write('event: endpoint\ndata: /messages\n\n');
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      bodies.push(body);
      response.writeHead(202).end();
      const answer = rawAnswer(body, 'legacy');
      if (answer !== undefined) stream?.write(`event: message\ndata: ${answer}\n\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an address with a port.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/sse`, bodies, headers };
}
