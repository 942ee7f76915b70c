import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from '../harness/end-everything.ts';

/** The part of a request that this server looks at. */
interface Request {
  readonly id?: unknown;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly _meta?: Readonly<Record<string, object>> };
}

/**
 * Starts a modern HTTP server that has the tool `fill` for clients that fill in forms only, and gives its
 * URL.
 */
export async function startDiscerningUpstream(): Promise<string> {
  const server = createServer((request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      // Omni sends JSON-RPC.
      const message = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Request;
      if (message.id === undefined) return void response.writeHead(202).end();
      const answer = answerTo(message);
      response.writeHead('error' in answer ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an address with a port.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

function answerTo({ method, params }: Request): { readonly result: object } | { readonly error: object } {
  const declared = params?._meta?.['io.modelcontextprotocol/clientCapabilities'] ?? {};
  const names = 'elicitation' in declared ? ['plain', 'fill'] : ['plain'];
  const cacheable = { resultType: 'complete', ttlMs: 60_000, cacheScope: 'private' };
  switch (method) {
    case 'server/discover':
      return { result: { ...cacheable, supportedVersions: ['2026-07-28'], capabilities: { tools: {} } } };
    case 'tools/list':
      return {
        result: { ...cacheable, tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })) },
      };
    case 'tools/call': {
      if (!names.includes(params?.name ?? ''))
        return { error: { code: -32602, message: 'There is no such tool' } };
      return {
        result: { resultType: 'complete', content: [{ type: 'text', text: `${params?.name} was called` }] },
      };
    }
    default:
      return { error: { code: -32601, message: 'Method not found' } };
  }
}
