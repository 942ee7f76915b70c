import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import {
  ALL_SERVERS,
  type CallContext,
  type CallHandler,
  type ChunkSink,
  compose,
  composeRequest,
  type DispatchRequest,
  internalCall,
  type Outcome,
  type ReplySink,
  type ResponseHead,
  type RoutedRequest,
  type RunningCall,
  type RunRequest,
  type SendCall,
  type UpstreamCall,
} from '@omni/model';
import { DEFAULT_ROUTING, GatewayError, type RoutingSettings } from '@omni/ports';
import { ScriptedServer, VirtualClock } from '@omni/testing';
import type { Override } from '@omni/call-policies';
import { rootScope } from '../create-master-server.ts';
import { inProcessUpstream } from '../gateway-options.ts';
import { parseConfigurationText } from '../node/node-configuration.ts';
import { Token } from '../token.ts';

const HEAD: ResponseHead = { status: 200, length: 2, isError: false, isKept: true };
const ANSWER = messageOf('{"jsonrpc":"2.0","id":1,"result":{}}');
const QUESTION = messageOf('{"jsonrpc":"2.0","id":7,"method":"elicitation/create"}');

/** What passes the stages of a gateway. */
export interface Passing {
  readonly method: string;
  /** What it is where it may change something. */
  readonly unsafeMethod?: string;
  readonly isPinned?: boolean;
  /** Omni's own, which no client waits for. */
  readonly isInternal?: boolean;
  /** Whether its answer has begun. */
  readonly isStreamed?: boolean;
}

export interface KindSettings {
  readonly routing?: Partial<RoutingSettings>;
  /** JSON. */
  readonly limits?: string;
  readonly override?: Override;
}

/** A call that the server has. */
export class SentToServer {
  cancelled = false;
  readonly #handler: CallHandler;
  readonly chunks: ChunkSink | undefined;

  constructor(handler: CallHandler) {
    this.#handler = handler;
    this.chunks = handler.chunks;
  }

  answer(): void {
    this.#handler.onAnswer({ kind: 'message', message: ANSWER, status: 200 });
  }

  fail(): void {
    const error = new GatewayError('OMNI_UPSTREAM_EXITED', 'gone');
    this.#handler.onFailure(error, this.isBegun ? 'head-received' : 'sent');
  }

  /** The first bytes of its answer come. */
  beginAnswer(): void {
    this.isBegun = true;
    this.chunks?.onResponseHead(HEAD);
    this.chunks?.onChunk(new Uint8Array(1));
  }

  ask(): void {
    this.#handler.onServerRequest(QUESTION, () => {});
  }

  isBegun = false;
}

/** What its client is told. */
export class ToldClient implements ReplySink {
  readonly #isStreamed: boolean;
  readonly heard: string[] = [];

  constructor(isStreamed: boolean) {
    this.#isStreamed = isStreamed;
  }

  get last(): string | undefined {
    return this.heard.at(-1);
  }

  get chunks(): ChunkSink | undefined {
    if (!this.#isStreamed) return undefined;
    return {
      onResponseHead: () => void this.heard.push('head'),
      onChunk: () => this.heard.push('chunk') > 0,
      onResponseEnd: () => void this.heard.push('end'),
    };
  }

  notification(): boolean {
    return true;
  }

  onDrain(listener: () => void): void {
    listener();
  }

  serverRequest(): void {
    this.heard.push('asked');
  }

  settle(outcome: Outcome): void {
    const isError = outcome.kind === 'error' || outcome.kind === 'refused';
    this.heard.push(isError ? outcome.error.code : outcome.kind);
  }
}

/** All stages of a gateway, in their order, before a server that does as the test says. */
export class KindScene {
  readonly clock = new VirtualClock();
  readonly sent: SentToServer[] = [];
  readonly #server = new ScriptedServer((message, instance) => {
    if (message.method === 'initialize')
      instance.reply(message, '{"protocolVersion":"2025-11-25","capabilities":{}}');
    else if (message.id !== undefined && message.method !== 'tools/call') instance.refuse(message, -32601);
  });
  readonly #root;
  readonly #send: SendCall;
  #calls = 0;

  constructor({ routing = {}, limits = '{}', override }: KindSettings) {
    const configuration = {
      ...parseConfigurationText(`{"limits":${limits}}`, 'scene.json', {}),
      upstreams: [
        {
          ...inProcessUpstream('up', this.#server.open),
          instances: 'shared' as const,
          routing: { ...DEFAULT_ROUTING, ...routing },
        },
      ],
    };
    this.#root = rootScope({ configuration, clock: this.clock, random: () => 0, startGraceMs: 0 });
    if (override !== undefined) this.set(override);
    const raw: SendCall = (_call, handler) => {
      const sent = new SentToServer(handler);
      this.sent.push(sent);
      return { cancel: () => (sent.cancelled = true) };
    };
    const spec = this.#root.get(Token.UpstreamRegistry).inForce('up');
    if (spec === undefined) throw new TypeError('no server');
    this.#send = compose(
      this.#root.get(Token.CallStages).map(({ stage }) => stage),
      raw,
      { upstream: 'up', era: 'modern', transport: 'http', instance: { key: 'shared' }, spec },
    );
  }

  set(override: Override): void {
    this.#root.get(Token.Overrides).set({ upstream: 'up' }, override);
  }

  /** Begins one; the answer of a streamed one has begun when this returns. */
  begin(kind: Passing, isUnsafe = false): { readonly client: ToldClient; readonly running: RunningCall } {
    const method = isUnsafe ? (kind.unsafeMethod ?? kind.method) : kind.method;
    const client = new ToldClient(kind.isStreamed === true);
    const before = this.sent.length;
    const running =
      kind.isInternal === true ? this.#own(method, client) : this.#request(kind, method, client);
    if (kind.isStreamed === true) for (const sent of this.sent.slice(before)) sent.beginAnswer();
    return { client, running };
  }

  /** Two calls go to the server on its own connection; then something else does. @returns Whether it came. */
  async reaches(what: 'notification' | 'probe'): Promise<boolean> {
    const upstreams = this.#root.get(Token.Upstreams);
    upstreams.start();
    await this.clock.advanceAsync(100);
    const { connection, watched } = upstreams.get('up') ?? {};
    const call = this.#callOf('tools/call', false);
    for (let time = 0; time < 2; time++) connection?.send(call, handlerFor(new ToldClient(false)));
    if (what === 'notification') connection?.notify('notifications/x', '{}');
    // Every connection that is watched can be probed.
    else
      (watched as unknown as { probe: SendCall }).probe(
        internalCall('ping', ''),
        handlerFor(new ToldClient(false)),
      );
    const [instance] = this.#server.instances;
    const method = what === 'notification' ? 'notifications/x' : 'ping';
    const hasCome = instance?.last(method) !== undefined;
    await upstreams.stop();
    return hasCome;
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms);
  }

  #own(method: string, client: ToldClient): RunningCall {
    return this.#send(internalCall(method, ''), handlerFor(client));
  }

  #request({ isPinned = false }: Passing, method: string, client: ToldClient): RunningCall {
    const id = ++this.#calls;
    const message = messageOf(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{"name":"x"}}`);
    const context: CallContext = {
      message,
      client: {
        principal: { id: 'ada', kind: 'token' },
        era: 'modern',
        endpoint: ALL_SERVERS,
        session: undefined,
        capabilities: '{}',
        clientInfo: '{}',
      },
      paramHeaders: undefined,
    };
    const request: RoutedRequest = {
      context,
      arrivedMs: this.clock.monotonicMs(),
      upstreams: ['up'],
      name: 'x',
      wantsProgress: false,
      isPinned,
      isAtReplica: false,
    };
    const once: RunRequest = (reply) => this.#send(this.#callOf(method, true), handlerFor(reply));
    const { admission, requests } = this.#root.get(Token.RoutingPolicies);
    const stages = requests.map(({ stage }) => stage);
    const dispatch: DispatchRequest = (_context, reply) => composeRequest(stages, request, once)(reply);
    return admission.reduceRight<DispatchRequest>((next, { stage }) => stage(next), dispatch)(
      context,
      client,
    );
  }

  #callOf(method: string, allowPassthrough: boolean): UpstreamCall {
    const caller = { id: 'ada', kind: 'token' } as const;
    return {
      ...internalCall(method, '', 'x'),
      isInternal: false,
      caller,
      callerKey: 'ada',
      allowPassthrough,
    };
  }
}

/** What stands between a connection and the reply to a request. */
function handlerFor(reply: ReplySink): CallHandler {
  return {
    onNotification: (message) => reply.notification(message),
    onDrain: (listener) => reply.onDrain(listener),
    onServerRequest: (message, answer, signal) => reply.serverRequest('up', message, answer, signal),
    onAnswer: (answer) =>
      reply.settle({
        kind: 'message',
        payload: answer.kind === 'message' ? answer.message.text : answer.bytes,
        status: 200,
      }),
    onFailure: (error, phase) => reply.settle({ kind: 'error', error, phase }),
    get chunks() {
      return reply.chunks;
    },
  };
}

function messageOf(text: string): RpcMessage {
  const message = parseMessage(text, { maxDepth: 8, maxElements: 100 });
  if (message.kind === 'batch' || message.kind === 'rejected') throw new TypeError(text);
  return message;
}
