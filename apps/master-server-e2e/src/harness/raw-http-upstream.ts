import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from './end-everything.ts';

/** An HTTP MCP server in the test's own process that keeps what it receives, as text. */
export interface RawHttpUpstream {
  readonly url: string;
  /** Bodies of all POSTs, in order. */
  readonly bodies: readonly string[];
  /** Headers of all requests, in order. */
  readonly headers: readonly IncomingMessage['headers'][];
}

const TOOLS = `"tools":[${['echo', 'mirror', 'strange'].map((name) => `{"name":"${name}","inputSchema":{"type":"object"}}`).join(',')}]`;
const STRANGE =
  '"content":[{"type":"hologram","depth":1.0,"x":{"y":null}},{"type":"text","text":"\\u00e9 caf\\u00e9","x-unknown":1e400}],"isError":true,"_meta":{"com.example/trace":[1.10,-0]},"x-extra":{"z":1,"a":2}';

/**
 * Starts it on a free port; it ends with the test file. The arguments of a call must be the last member of
 * its params.
 */
export async function startRawHttpUpstream(era: 'legacy' | 'modern'): Promise<RawHttpUpstream> {
  const bodies: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers);
    if (request.method !== 'POST')
      return void response.writeHead(request.method === 'DELETE' ? 200 : 405).end();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      bodies.push(body);
      const answer = rawAnswer(body, era);
      if (answer === undefined) return void response.writeHead(202).end();
      const status = answer.includes('"code":-32601') && era === 'modern' ? 404 : 200;
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(era === 'legacy' ? { 'mcp-session-id': 's-1' } : {}),
      });
      response.end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an address with a port.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, bodies, headers };
}

/** What such a server answers to a message, on any transport; `undefined` to a notification. */
export function rawAnswer(body: string, era: 'legacy' | 'modern'): string | undefined {
  // Omni sends JSON-RPC.
  const { id, method, params } = JSON.parse(body) as {
    id?: unknown;
    method: string;
    params?: { name?: string; protocolVersion?: string };
  };
  if (id === undefined) return undefined;
  const complete = era === 'modern' ? '"resultType":"complete",' : '';
  const result = (members: string): string =>
    `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{${complete}${members}}}`;
  const cacheable = era === 'modern' ? ',"ttlMs":60000,"cacheScope":"private"' : '';
  switch (`${era} ${method}`) {
    case 'legacy initialize':
      return result(
        `"protocolVersion":"${params?.protocolVersion}","capabilities":{"tools":{}},"serverInfo":{"name":"raw","version":"1"}`,
      );
    case 'modern server/discover':
      return result(
        `"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}${cacheable},"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"raw","version":"1"}}`,
      );
    case `${era} tools/list`:
      return result(TOOLS + cacheable);
    case `${era} tools/call`:
      if (params?.name === 'strange') return result(STRANGE);
      return result(
        echoed(
          body.slice(body.indexOf('"arguments":') + '"arguments":'.length, -2),
          params?.name === 'mirror',
        ),
      );
    default:
      return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32601,"message":"Method not found"}}`;
  }
}

/** @param isTwice - Whether a member that no revision knows holds them too. */
function echoed(args: string, isTwice: boolean): string {
  return `"content":[],"structuredContent":${args}${isTwice ? `,"x-mirror":${args}` : ''}`;
}
