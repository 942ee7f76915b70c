import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from './end-everything.ts';

/** What stands before an HTTP server and lets requests in that carry a token which is good at the time. */
export interface TokenGate {
  readonly url: string;
  /** The tokens that are good; a test changes them. */
  readonly good: Set<string>;
  /** E.g. `POST a-token` of each request that was let in, and `POST a-token 401` of each that was not. */
  readonly requests: readonly string[];
}

/** @param target - Address of the server. */
export async function startTokenGate(target: string, ...good: readonly string[]): Promise<TokenGate> {
  const { origin, pathname } = new URL(target);
  const tokens = new Set(good);
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const token = request.headers.authorization?.replace('Bearer ', '') ?? 'none';
    if (!tokens.has(token)) {
      requests.push(`${request.method} ${token} 401`);
      return void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end(`not ${token}`);
    }
    requests.push(`${request.method} ${token}`);
    const { method, headers, url } = request;
    const forwarded = httpRequest(`${origin}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}${pathname}`, good: tokens, requests };
}
