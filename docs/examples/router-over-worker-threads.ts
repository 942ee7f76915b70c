/**
 * The router alone: it decides where a request goes and in which words, and connections of your own carry it.
 * Here each upstream is a worker thread that is sent JSON-RPC messages.
 */
import assert from 'node:assert/strict';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { parseMessage, requestText, type RpcMessage } from '@omni/jsonrpc';
import {
  ALL_SERVERS,
  callParams,
  type CallHandler,
  type CatalogueView,
  type ClientContext,
  type RunningCall,
  type UpstreamCall,
  type UpstreamConnection,
} from '@omni/model';
import { GatewayError, systemClock } from '@omni/ports';
import { RequestRouter } from '@omni/router';

/** What comes over the wire. */
type Json = ReturnType<typeof JSON.parse>;

/** What runs in each thread: a tool that answers where it has run. */
function serve(): void {
  parentPort?.on('message', (text: string) => {
    const { id, params } = JSON.parse(text);
    const content = [{ type: 'text', text: `${params.name} of ${workerData.name}` }];
    parentPort?.postMessage(JSON.stringify({ jsonrpc: '2.0', id, result: { content } }));
  });
}

function read(text: string): RpcMessage {
  const message = parseMessage(text, { maxDepth: 64, maxElements: 10_000 });
  if (message.kind === 'batch' || message.kind === 'rejected') throw new TypeError('not one message');
  return message;
}

/** Calls to one thread; each gets an id of its own, since clients may choose the same. */
class ThreadConnection implements UpstreamConnection {
  readonly upstream: string;
  readonly era = 'legacy';
  readonly binding = undefined;
  readonly keepsClientId = false;
  readonly handshake: RpcMessage;
  readonly #thread: Worker;
  readonly #running = new Map<number, CallHandler>();
  #lastId = 0;

  constructor(name: string) {
    this.upstream = name;
    this.handshake = read(
      `{"jsonrpc":"2.0","id":0,"result":{"serverInfo":{"name":"${name}","version":"1"}}}`,
    );
    this.#thread = new Worker(new URL(import.meta.url), { workerData: { name }, execArgv: process.execArgv });
    this.#thread.on('message', (text: string) => {
      const message = read(text);
      const handler = this.#running.get(Number(message.id));
      this.#running.delete(Number(message.id));
      handler?.onAnswer({ kind: 'message', message, status: 200 });
    });
    this.#thread.on('error', (cause) => {
      const error = new GatewayError('OMNI_UPSTREAM_EXITED', `The thread "${name}" ended`, { cause });
      for (const handler of this.#running.values()) handler.onFailure(error, 'sent');
      this.#running.clear();
    });
  }

  send(call: UpstreamCall, handler: CallHandler): RunningCall {
    const id = ++this.#lastId;
    this.#running.set(id, handler);
    this.#thread.postMessage(requestText(String(id), call.method, callParams(call)));
    return { cancel: () => void this.#running.delete(id) };
  }

  notify(): void {}

  async close(): Promise<void> {
    await this.#thread.terminate();
  }
}

async function host(): Promise<void> {
  const connections = new Map(['sums', 'texts'].map((name) => [name, new ThreadConnection(name)] as const));
  const unknown = (name: string): GatewayError =>
    new GatewayError('OMNI_NAME_UNKNOWN', `Nobody offers "${name}"`);

  // What clients may name, and what it is called where it leads: `sums__add` is `add` of the thread `sums`.
  const view: CatalogueView = {
    capabilities: '{"tools":{}}',
    instructions: undefined,
    list: () => '{}',
    route(_kind, exposed) {
      const [upstream = '', name = ''] = exposed.split('__');
      if (!connections.has(upstream)) return unknown(exposed);
      return { upstream, name, wrapsOutput: false, checkHeaders: () => undefined, headersFor: () => [] };
    },
    routeUri: unknown,
    routeMethod: unknown,
    allowsWatch: () => false,
    rememberUri() {},
  };
  const router = new RequestRouter({
    clock: systemClock,
    views: {
      serves: () => true,
      of: () => view,
      onChange: () => () => {},
      whenKnown(_client, _purpose, listener) {
        listener();
        return () => {};
      },
    },
    upstreams: {
      names: [...connections.keys()],
      definitionOf: (name) => name,
      // A server with replicas would have others here.
      groupOf: (name) => name,
      membersOf: (name) => [name],
      connectionFor(name, _client, done) {
        done(connections.get(name) ?? unknown(name));
        return () => {};
      },
      openConnection: (name) => connections.get(name),
      subscribe: (_name, _client, uri, _onUpdated, done) => done(unknown(uri)),
    },
  });

  const client: ClientContext = {
    principal: { id: 'me', kind: 'local' },
    era: 'modern',
    endpoint: ALL_SERVERS,
    session: undefined,
    capabilities: '{}',
    clientInfo: '{"name":"host","version":"1"}',
  };
  const call = async (id: string, name: string): Promise<Json> => {
    const params = JSON.stringify({ name, arguments: { size: 1 } });
    const message = read(`{"jsonrpc":"2.0","id":"${id}","method":"tools/call","params":${params}}`);
    const answer = await router.route(message, client, AbortSignal.timeout(10_000));
    if (answer.kind === 'error') throw answer.error;
    if (answer.kind !== 'message' || typeof answer.payload !== 'string') throw new TypeError(answer.kind);
    return JSON.parse(answer.payload);
  };

  try {
    const answers = await Promise.all([call('a', 'sums__add'), call('b', 'texts__trim')]);
    assert.deepEqual(
      answers.map(({ id, result }) => [id, result.content[0].text, result.resultType]),
      [
        // The threads speak the legacy era; a modern client is told that the result is complete.
        ['a', 'add of sums', 'complete'],
        ['b', 'trim of texts', 'complete'],
      ],
    );
    await assert.rejects(call('c', 'files__read'), { code: 'OMNI_NAME_UNKNOWN' });
  } finally {
    await Promise.all([...connections.values()].map((connection) => connection.close()));
  }
  console.log('router-over-worker-threads: two threads answered');
}

if (isMainThread) await host();
else serve();
