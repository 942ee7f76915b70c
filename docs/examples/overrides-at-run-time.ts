/**
 * A gateway whose operator makes a server read-only for a minute, hides one of its tools, and takes both back:
 * without a restart, and without an edit of its configuration.
 */
import assert from 'node:assert/strict';
import { createMasterServer, inProcessUpstream } from '@omni/container';

const TOOLS = ['add', 'drop'].map((name) => ({ name, inputSchema: { type: 'object' } }));
const RESULTS: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'db', version: '1' },
  },
  'tools/list': { tools: TOOLS },
  'tools/call': { content: [{ type: 'text', text: 'done' }] },
};
const db = inProcessUpstream('db', (gateway) => ({
  send(text) {
    const { id, method } = JSON.parse(text);
    const result = RESULTS[method];
    const answer = result === undefined ? { error: { code: -32601, message: 'not here' } } : { result };
    if (id !== undefined)
      queueMicrotask(() => gateway.onMessage(JSON.stringify({ jsonrpc: '2.0', id, ...answer })));
    return true;
  },
  close: async () => gateway.onClose(undefined),
}));

await using server = createMasterServer({ configuration: { upstreams: [db] } });
await server.start();
await server.whenSettled();

const client = server.connect();
const answers = new Map<number, (text: string) => void>();
client.onMessage((text) => answers.get(JSON.parse(text).id)?.(text));
let id = 0;
function ask(method: string, params: object): Promise<string> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  client.send(JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params: { ...params, _meta } }));
  return new Promise((resolve) => answers.set(id, resolve));
}
const call = (): Promise<string> => ask('tools/call', { name: 'db__add', arguments: {} });

const events: string[] = [];
server.events.listen(({ type, data }) => void events.push(`${type} ${String(data['kind'])}`));

server.overrides.set({ upstream: 'db' }, { kind: 'read-only' }, { forMs: 60_000, author: 'ada' });
assert.match(await call(), /OMNI_OVERRIDDEN/);

const drop = { upstream: 'db', called: { method: 'tools/call', name: 'drop' } };
server.overrides.set(drop, { kind: 'hide' });
assert.doesNotMatch(await ask('tools/list', {}), /drop/);

server.overrides.clear({ upstream: 'db' }, 'read-only');
server.overrides.clear(drop, 'hide');
assert.match(await call(), /done/);
assert.match(await ask('tools/list', {}), /drop/);
assert.deepEqual(
  events.filter((event) => event.startsWith('upstream.override_')),
  [
    'upstream.override_set read-only',
    'upstream.override_set hide',
    'upstream.override_cleared read-only',
    'upstream.override_cleared hide',
  ],
);
console.log('overrides-at-run-time: read-only, hidden, and back again');
