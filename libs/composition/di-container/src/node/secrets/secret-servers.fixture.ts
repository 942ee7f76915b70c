import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A legacy server whose tool `show` says what it was given: the variable TOKEN, and its process. What it
 * writes to stderr has it, too.
 */
export const TOKEN_PROGRAM = `
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize')
    say({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 't', version: '1' } } });
  else if (method === 'tools/list') say({ id, result: { tools: [{ name: 'show', inputSchema: { type: 'object' } }, { name: 'fall', inputSchema: { type: 'object' } }] } });
  else if (method === 'tools/call' && params.name === 'fall') {
    process.stderr.write('cannot log in at db.example with ' + process.env.NOTE + '\\n', () => process.exit(1));
  } else if (method === 'tools/call')
    say({ id, result: { content: [{ type: 'text', text: process.env.TOKEN + ' ' + process.pid }] } });
  else if (id !== undefined) say({ id, result: {} });
});
`;

/** A legacy server over HTTP that lets in who shows one of its tokens. */
export class TokenServer {
  /** Tokens that are good. */
  good: readonly string[];
  /** What each request showed, in order. */
  readonly shown: string[] = [];
  /** Whether it has sessions, so that it is told when one ends. */
  hasSessions = false;
  readonly #server: Server;

  constructor(...good: readonly string[]) {
    this.good = good;
    this.#server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      request.on('end', () => {
        const token = (request.headers.authorization ?? 'nothing').replace('Bearer ', '');
        if (request.method === 'DELETE') this.shown.push(token);
        if (request.method !== 'POST') return void response.writeHead(405).end();
        this.shown.push(token);
        if (!this.good.includes(token)) return void response.writeHead(401).end();
        const { id, method, params } = JSON.parse(text) as {
          readonly id?: number;
          readonly method: string;
          readonly params?: { readonly protocolVersion?: string };
        };
        if (id === undefined) return void response.writeHead(202).end();
        const tools = [{ name: 'show', inputSchema: { type: 'object' } }];
        const results: Readonly<Record<string, object>> = {
          initialize: {
            protocolVersion: params?.protocolVersion,
            capabilities: { tools: {} },
            serverInfo: { name: 'w', version: '1' },
          },
          'tools/list': { tools },
          'tools/call': { content: [{ type: 'text', text: `shown ${token}` }] },
        };
        const session = this.hasSessions ? { 'mcp-session-id': 'session-1' } : {};
        response.writeHead(200, { 'content-type': 'application/json', ...session });
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result: results[method] ?? {} }));
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
