/**
 * A gateway as a function from `Request` to `Response`, beside other routes of a host that speaks fetch: Hono,
 * Bun, Deno, a worker. The host knows its users and says who sends a request.
 */
import assert from 'node:assert/strict';
import { createMasterServer, inProcessUpstream } from '@omni/container';
import { fetchHandler } from '@omni/fetch';
import type { Principal } from '@omni/ports';

/** What comes over the wire. */
type Json = ReturnType<typeof JSON.parse>;

const clockwork = inProcessUpstream('clockwork', (gateway) => ({
  send(text) {
    const { id, method } = JSON.parse(text);
    const results: Record<string, unknown> = {
      'server/discover': {
        resultType: 'complete',
        supportedVersions: ['2026-07-28'],
        capabilities: { tools: {} },
      },
      'tools/list': {
        resultType: 'complete',
        tools: [{ name: 'tick', inputSchema: { type: 'object' } }],
        ttlMs: 60_000,
        cacheScope: 'public',
      },
      'tools/call': { resultType: 'complete', content: [{ type: 'text', text: 'tock' }] },
    };
    const result = results[method];
    const answer = result === undefined ? { error: { code: -32601, message: 'not here' } } : { result };
    if (id !== undefined)
      queueMicrotask(() => gateway.onMessage(JSON.stringify({ jsonrpc: '2.0', id, ...answer })));
    return true;
  },
  close: async () => gateway.onClose(undefined),
}));

await using server = createMasterServer({ configuration: { upstreams: [clockwork] } });

// Nobody is let in by mistake: a handler is not made where nothing says who sends a request.
assert.throws(() => fetchHandler(server.front()), { code: 'OMNI_MOUNT_UNPROTECTED' });

/** The sessions of the host. */
const users: Readonly<Record<string, Principal>> = { 'session-7': { id: 'ada', kind: 'token' } };
const mcp = fetchHandler(server.front(), {
  basePath: '/omni',
  principalOf: (request: Request) => users[request.headers.get('x-session') ?? ''],
});

/** The host: MCP under /omni, and what it has always had. */
async function host(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  return pathname.startsWith('/omni/') ? await mcp(request, undefined) : new Response('the page of the host');
}

await server.start();
await server.whenSettled();

const page = await host(new Request('http://localhost/'));
assert.equal(await page.text(), 'the page of the host');

async function post(session: string, method: string, params: object, name?: string): Promise<Response> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  return await host(
    new Request('http://localhost/omni/mcp', {
      method: 'POST',
      headers: {
        host: 'localhost',
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': method,
        ...(name === undefined ? {} : { 'mcp-name': name }),
        'x-session': session,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
    }),
  );
}

const call = { name: 'clockwork__tick', arguments: {} };
const answered = await post('session-7', 'tools/call', call, call.name);
assert.equal(answered.status, 200);
const { result }: Json = await answered.json();
assert.equal(result.content[0].text, 'tock');

const refused = await post('session-8', 'tools/call', call, call.name);
assert.equal(refused.status, 401);

await server.stop();
const late = await post('session-7', 'tools/call', call, call.name);
assert.equal(late.status, 503);
console.log('fetch-handler: a user of the host was answered, a stranger was not');
