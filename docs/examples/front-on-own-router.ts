/**
 * The protocol front alone: it speaks MCP with clients of both eras, and a router of your own answers what
 * they call. Here the router is a table of functions.
 */
import assert from 'node:assert/strict';
import { stringMember } from '@omni/jsonrpc';
import {
  type CallContext,
  type CatalogueView,
  createChannelPair,
  type ReplySink,
  type RunningCall,
  type ViewKey,
} from '@omni/model';
import { GatewayError, type Principal, silentLogger, systemClock } from '@omni/ports';
import { ProtocolHandler } from '@omni/protocol';

/** What comes over the wire. */
type Json = ReturnType<typeof JSON.parse>;

const TOOLS: Readonly<Record<string, () => string>> = {
  dice: () => 'four, chosen by fair dice roll',
  name: () => 'front-on-own-router',
};
const OWNER: Principal = { id: 'owner', kind: 'token' };
const unknown = (name: string): GatewayError =>
  new GatewayError('OMNI_NAME_UNKNOWN', `There is no tool "${name}"`);

/** Results of the modern era say what they are and how long they hold; legacy clients know neither. */
function resultFor(era: ViewKey['era'], members: object, cache: object = {}): string {
  return JSON.stringify(era === 'legacy' ? members : { resultType: 'complete', ...members, ...cache });
}

function viewFor({ era }: ViewKey): CatalogueView {
  const tools = Object.keys(TOOLS).map((name) => ({ name, inputSchema: { type: 'object' } }));
  return {
    capabilities: '{"tools":{}}',
    instructions: 'Roll before you ask.',
    list: (kind) =>
      resultFor(era, { [kind]: kind === 'tools' ? tools : [] }, { ttlMs: 60_000, cacheScope: 'private' }),
    route: (_kind, name) => unknown(name),
    routeUri: unknown,
    routeMethod: unknown,
    allowsWatch: () => false,
    rememberUri() {},
  };
}

/** The router: every call ends with exactly one `settle`. */
function dispatch({ message, client }: CallContext, reply: ReplySink): RunningCall {
  const name = stringMember(message.text, message.params, 'name') ?? '';
  const tool = TOOLS[name];
  if (message.method !== 'tools/call' || tool === undefined)
    reply.settle({ kind: 'error', error: unknown(name) });
  else {
    const result = resultFor(client.era, { content: [{ type: 'text', text: tool() }] });
    const payload = `{"jsonrpc":"2.0","id":${message.id},"result":${result}}`;
    reply.settle({ kind: 'message', payload, status: 200 });
  }
  return { cancel() {} };
}

const handler = new ProtocolHandler({
  views: {
    serves: ({ kind }) => kind === 'all',
    of: viewFor,
    onChange: () => () => {},
    whenKnown(_client, _purpose, listener) {
      listener();
      return () => {};
    },
  },
  dispatch: {
    dispatch,
    carries: () => false,
    makesTasks: () => false,
    toClient: (_upstream, message, _client, tell) => tell(message),
    watchTasks: () => () => {},
  },
  updates: { subscribe: (_client, uri, _onUpdated, done) => done(unknown(uri)) },
  authentication: { authenticate: () => OWNER },
  hostCheck: { check: () => undefined, lists: () => false },
  probes: { find: () => undefined },
  identity: { name: 'front-on-own-router', version: '1.0.0' },
  limits: {
    maxBodyBytes: 4_194_304,
    maxDepth: 64,
    maxElements: 100_000,
    maxInFlight: 1_000,
    maxSessions: 1_000,
    maxSessionInFlight: 100,
    sessionIdleMs: 1_800_000,
  },
  legacySse: false,
  clock: systemClock,
  logger: silentLogger,
});

/** A client in memory; over HTTP each exchange goes to `handler.handle`. */
class Client {
  readonly #send: (text: string) => void;
  readonly #waiting = new Map<number, (answer: Json) => void>();
  #lastId = 0;

  constructor() {
    const [near, far] = createChannelPair();
    handler.bind(far, { principal: OWNER });
    const channel = near({
      onMessage: (text) => {
        const answer = JSON.parse(text);
        this.#waiting.get(answer.id)?.(answer);
      },
      onFramingError() {},
      onClose() {},
    });
    this.#send = (text) => void channel.send(text);
  }

  request(method: string, params: object): Promise<Json> {
    const id = ++this.#lastId;
    const answered = new Promise((resolve) => this.#waiting.set(id, resolve));
    this.#send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return answered;
  }
}

const modern = new Client();
const _meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
const { result: discovered } = await modern.request('server/discover', { _meta });
assert.equal(discovered.instructions, 'Roll before you ask.');
const { result: listed } = await modern.request('tools/list', { _meta });
assert.deepEqual(
  listed.tools.map(({ name }: { name: string }) => name),
  ['dice', 'name'],
);
const { result: rolled } = await modern.request('tools/call', { name: 'dice', arguments: {}, _meta });
assert.equal(rolled.resultType, 'complete');
assert.equal(rolled.content[0].text, 'four, chosen by fair dice roll');
const { error } = await modern.request('tools/call', { name: 'cards', arguments: {}, _meta });
assert.equal(error.data.code, 'OMNI_NAME_UNKNOWN');

const legacy = new Client();
const clientInfo = { name: 'example', version: '1' };
const greeting = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
const { result: initialized } = await legacy.request('initialize', greeting);
assert.equal(initialized.serverInfo.name, 'front-on-own-router');
const { result: named } = await legacy.request('tools/call', { name: 'name', arguments: {} });
assert.deepEqual(named, { content: [{ type: 'text', text: 'front-on-own-router' }] });

await handler.stop({ deadlineMs: 1_000 });
console.log('front-on-own-router: clients of both eras were answered');
