/**
 * A gateway in a program of your own, before a server in the same process, without a listener. Clients are
 * connected in memory; one more server comes while the gateway runs.
 */
import assert from 'node:assert/strict';
import { createMasterServer, inProcessUpstream } from '@omni/container';

/** What comes over the wire. */
type Json = ReturnType<typeof JSON.parse>;

/** A server of the legacy era with one tool; a real one would be connected to the channel by its SDK. */
function greeter(name: string, greeting: string) {
  return inProcessUpstream(name, (gateway) => ({
    send(text) {
      const { id, method, params } = JSON.parse(text);
      const results: Record<string, unknown> = {
        initialize: {
          protocolVersion: '2025-11-25',
          capabilities: { tools: {} },
          serverInfo: { name, version: '1' },
        },
        'tools/list': { tools: [{ name: 'greet', inputSchema: { type: 'object' } }] },
        'tools/call': { content: [{ type: 'text', text: `${greeting}, ${params?.arguments?.name}!` }] },
      };
      const result = results[method];
      const answer = result === undefined ? { error: { code: -32601, message: 'not here' } } : { result };
      if (id !== undefined)
        queueMicrotask(() => gateway.onMessage(JSON.stringify({ jsonrpc: '2.0', id, ...answer })));
      return true;
    },
    close: async () => gateway.onClose(undefined),
  }));
}

const english = greeter('english', 'Hello');
const italian = greeter('italian', 'Ciao');
const log: string[] = [];
const write = (_fields: object, line: string): void => void log.push(line);

// Stops at the end of the file, whatever happens before.
await using server = createMasterServer({
  configuration: { upstreams: [english], limits: { maxInFlight: 100 } },
  identity: { name: 'acme-gateway', version: '1.2.0', title: 'Acme’s tools' },
  instructions: 'Greet people in their own language.',
  logger: { debugging: false, debug() {}, info: write, warn: write, error: write },
});
await server.start();
await server.whenSettled();
assert.ok(log.includes('server is up'));

const client = server.connect();
const answers = new Map<number, (result: Json) => void>();
client.onMessage((text) => {
  const { id, result } = JSON.parse(text);
  answers.get(id)?.(result);
});
const closed = new Promise<string | undefined>((resolve) =>
  client.onClose((reason) => resolve(reason?.code)),
);

let lastId = 0;
function request(method: string, params: object = {}): Promise<Json> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const id = ++lastId;
  const answered = new Promise((resolve) => answers.set(id, resolve));
  client.send(JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta } }));
  return answered;
}

const discovered = await request('server/discover');
assert.equal(discovered._meta['io.modelcontextprotocol/serverInfo'].title, 'Acme’s tools');
assert.equal(discovered.instructions, 'Greet people in their own language.');

const greeted = await request('tools/call', { name: 'english__greet', arguments: { name: 'Ada' } });
assert.equal(greeted.content[0].text, 'Hello, Ada!');

const changes = await server.apply([english, italian]);
assert.deepEqual(changes.added, ['italian']);
// A call to a server that is starting waits for it, once its names are known.
while (server.upstreams()[1]?.tools !== 1) await new Promise((next) => setTimeout(next, 10));
const also = await request('tools/call', { name: 'italian__greet', arguments: { name: 'Ada' } });
assert.equal(also.content[0].text, 'Ciao, Ada!');

assert.throws(() => server.connect('french'), { code: 'OMNI_SERVER_UNKNOWN' });
await server.stop();
assert.equal(await closed, 'OMNI_SHUTTING_DOWN');
console.log('in-process-server: two servers answered, and the client heard of the stop');
