import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import {
  type AnswerServerRequest,
  type CallContext,
  type CatalogueView,
  type CatalogueViews,
  type ChangeKind,
  type ChunkSink,
  type ClientContext,
  type Endpoint,
  endpointOf,
  type ListKind,
  type ReplySink,
  type RunningCall,
  serverOf,
  type ViewChange,
  type ViewKey,
} from '@omni/model';
import {
  type Era,
  GatewayError,
  type HeaderList,
  type LogFields,
  type Logger,
  type Principal,
} from '@omni/ports';
import { RecordingExchange, VirtualClock, type RecordedRequest } from '@omni/testing';
import type {
  Authentication,
  Dispatch,
  FrontLimits,
  HostCheck,
  MemoryPressure,
  ResourceUpdates,
  TaskWatching,
} from './collaborators.ts';
import type { Probes } from './http/http-front.ts';
import { ProtocolHandler } from './protocol-handler.ts';

export const LIMITS: FrontLimits = {
  maxBodyBytes: 10_000,
  maxDepth: 64,
  maxElements: 1_000,
  maxInFlight: 10,
  maxSessions: 3,
  maxSessionInFlight: 4,
  sessionIdleMs: 600_000,
};

const META_PREFIX = 'io.modelcontextprotocol/';
const JSON_AND_EVENTS = [
  'Content-Type',
  'application/json',
  'Accept',
  'application/json, text/event-stream',
] as const;

/** Reads a text that must be a message. */
export function messageOf(text: string): RpcMessage {
  const message = parseMessage(text, { maxDepth: 64, maxElements: 1_000 });
  if (message.kind === 'batch' || message.kind === 'rejected') throw new TypeError(`no message: ${text}`);
  return message;
}

/** A routed request: a test plays the upstream. */
export class RoutedCall {
  readonly request: CallContext;
  readonly cancels: (string | undefined)[] = [];
  readonly #reply: ReplySink;

  constructor(request: CallContext, reply: ReplySink) {
    this.request = request;
    this.#reply = reply;
  }

  result(result: string, status = 200): void {
    this.#reply.settle({
      kind: 'message',
      payload: `{"jsonrpc":"2.0","id":${this.request.message.id},"result":${result}}`,
      status,
    });
  }

  bytes(text: string): void {
    this.#reply.settle({ kind: 'message', payload: new TextEncoder().encode(text), status: 200 });
  }

  /** Where an answer can go while it comes. */
  get chunks(): ChunkSink | undefined {
    return this.#reply.chunks;
  }

  fail(error: GatewayError): void {
    this.#reply.settle({ kind: 'error', error });
  }

  notify(text: string): boolean {
    return this.#reply.notification(messageOf(text));
  }

  onDrain(listener: () => void): void {
    this.#reply.onDrain(listener);
  }

  ask(text: string, answer: AnswerServerRequest, signal?: AbortSignal): void {
    this.#reply.serverRequest('files', messageOf(text), answer, signal);
  }
}

export class ScriptedDispatch implements Dispatch {
  readonly calls: RoutedCall[] = [];
  readonly taskWatches: (TaskWatching & { readonly isEnded: boolean })[] = [];
  /** Thrown by the next request. */
  failure: Error | undefined;
  /** Answers each request at once. */
  isImmediate = false;
  tasksAreMade = false;

  dispatch(request: CallContext, reply: ReplySink): RunningCall {
    if (this.failure !== undefined) throw this.failure;
    const call = new RoutedCall(request, reply);
    this.calls.push(call);
    if (this.isImmediate) call.result('{}');
    return { cancel: (reason) => call.cancels.push(reason) };
  }

  carries(method: string, endpoint: Endpoint): boolean {
    return endpoint.kind === 'server' && (method.startsWith('vendor/') || method === 'ping');
  }

  makesTasks(): boolean {
    return this.tasksAreMade;
  }

  toClient(
    _upstream: string,
    message: RpcMessage,
    _client: ClientContext,
    tell: (message: RpcMessage) => void,
  ): void {
    if (message.method !== 'notifications/foreign') tell(message);
  }

  watchTasks(watching: TaskWatching): () => void {
    const watch = { ...watching, isEnded: false };
    this.taskWatches.push(watch);
    return () => void (watch.isEnded = true);
  }

  /** The latest call. */
  get last(): RoutedCall {
    const call = this.calls.at(-1);
    if (call === undefined) throw new TypeError('nothing was routed');
    return call;
  }
}

export class ScriptedViews implements CatalogueViews {
  readonly #listeners = new Set<(change: ViewChange) => void>();
  readonly #waiting = new Set<() => void>();
  isSettled = true;
  /** Thrown when capabilities are asked for. */
  failure: Error | undefined;
  instructionsText: string | undefined;

  get watchers(): number {
    return this.#listeners.size;
  }

  serves(endpoint: Endpoint): boolean {
    return ['all', 'files', 'mail'].includes(nameOf(endpoint));
  }

  of({ endpoint, era }: ViewKey): CatalogueView {
    const { failure, instructionsText: instructions } = this;
    return {
      get capabilities(): string {
        if (failure !== undefined) throw failure;
        return `{"tools":{"listChanged":true},"experimental":{"${nameOf(endpoint)}":{"era":"${era}"}}}`;
      },
      instructions,
      list: (kind) => this.list(kind, endpoint, era),
      route: () => new GatewayError('OMNI_NAME_UNKNOWN', 'No such name'),
      routeUri: () => new GatewayError('OMNI_NAME_UNKNOWN', 'No such resource'),
      routeMethod: () => new GatewayError('OMNI_METHOD_UNKNOWN', 'No such method'),
      allowsWatch: (uri) => uri.startsWith('file:///'),
      rememberUri() {},
    };
  }

  list(kind: ListKind, endpoint: Endpoint, era: Era): string {
    return `{"${kind}":[],"seenBy":"${nameOf(endpoint)} ${era}"}`;
  }

  onChange(listener: (change: ViewChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  whenKnown(_client: ClientContext, _purpose: 'list' | 'call', listener: () => void): () => void {
    if (this.isSettled) listener();
    else this.#waiting.add(listener);
    return () => void this.#waiting.delete(listener);
  }

  /** Who waits until it is known what is listed. */
  get waiting(): number {
    return this.#waiting.size;
  }

  settle(): void {
    this.isSettled = true;
    for (const listener of this.#waiting) listener();
    this.#waiting.clear();
  }

  /**
   * @param server - Of the endpoint that changes; all servers when absent.
   *
   * @param isFor - Default: for all.
   */
  change(kinds: readonly ChangeKind[], server?: string, isFor: ViewChange['isFor'] = () => true): void {
    for (const listener of this.#listeners)
      listener({ endpoint: endpointOf(server), kinds: new Set(kinds), isFor });
  }
}

function nameOf(endpoint: Endpoint): string {
  return serverOf(endpoint) ?? 'all';
}

export interface ScriptedSubscription {
  readonly uri: string;
  readonly update: (text: string) => void;
  readonly done: (release: (() => void) | GatewayError) => void;
  isReleased: boolean;
}

export class ScriptedUpdates implements ResourceUpdates {
  readonly subscriptions: ScriptedSubscription[] = [];
  /** Whether subscriptions stand at once; a test calls `done` otherwise. */
  isImmediate = true;

  subscribe(
    _client: ClientContext,
    uri: string,
    onUpdated: (message: RpcMessage) => void,
    done: (release: (() => void) | GatewayError) => void,
  ): void {
    const subscription: ScriptedSubscription = {
      uri,
      update: (text) => onUpdated(messageOf(text)),
      done,
      isReleased: false,
    };
    this.subscriptions.push(subscription);
    if (this.isImmediate) done(() => (subscription.isReleased = true));
  }
}

const byToken: Authentication = {
  authenticate(request) {
    const principal = /^Bearer (owner|other)$/.exec(request.header('authorization') ?? '')?.[1];
    if (principal !== undefined) return { id: principal, kind: 'token' };
    const error = new GatewayError('OMNI_AUTH_REQUIRED', 'A bearer token is needed');
    return { error, challenge: 'Bearer realm="omni"' };
  },
};

/** Whose pages may call. */
export const LISTED_ORIGIN = 'https://app.example';

const hostCheck: HostCheck = {
  check({ host, origin }) {
    if (host !== 'localhost') return new GatewayError('OMNI_HOST_FORBIDDEN', 'This host is not served');
    return origin === undefined || origin === LISTED_ORIGIN
      ? undefined
      : new GatewayError('OMNI_ORIGIN_FORBIDDEN', 'This site may not call');
  },
  lists: (origin) => origin === LISTED_ORIGIN,
};

const probes: Probes = {
  find(path, query) {
    if (path !== '/health/live') return undefined;
    return (principal) => {
      if (query === 'broken') return Promise.reject(new RangeError('broken'));
      if (query === 'private' && principal === undefined)
        return new GatewayError('OMNI_AUTH_REQUIRED', 'This page is for those who show who they are');
      const page = {
        status: 200,
        contentType: 'application/health+json',
        body: `{"trusted":${principal !== undefined}}`,
      };
      return query === 'later' ? Promise.resolve(page) : page;
    };
  },
};

export interface RequestText {
  /** JSON. Default `1`. */
  readonly id?: string;
  /** Members of `params` as JSON, without braces. */
  readonly params?: string;
  /** Members of `_meta` as JSON, beside the envelope. */
  readonly meta?: string;
  readonly version?: string;
}

/** The text of a modern request. */
export function modernText(
  method: string,
  { id = '1', params = '', meta = '', version = '2026-07-28' }: RequestText = {},
): string {
  const more = meta === '' ? '' : `,${meta}`;
  const envelope = `"_meta":{"${META_PREFIX}protocolVersion":"${version}","${META_PREFIX}clientCapabilities":{}${more}}`;
  return `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${params === '' ? '' : `${params},`}${envelope}}}`;
}

/** The text of a legacy request. */
export function legacyText(method: string, { id = '1', params = '' }: RequestText = {}): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"${method}"${params === '' ? '' : `,"params":{${params}}`}}`;
}

export function initializeText(version = '2025-11-25', capabilities = '{}'): string {
  return legacyText('initialize', {
    id: '"hello"',
    params: `"protocolVersion":"${version}","capabilities":${capabilities},"clientInfo":{"name":"test","version":"1"}`,
  });
}

/** A front with everything around it played by the test. */
export class FrontFixture {
  readonly clock = new VirtualClock();
  readonly views = new ScriptedViews();
  readonly dispatch = new ScriptedDispatch();
  readonly updates = new ScriptedUpdates();
  /** Messages of warnings and errors. */
  readonly complaints: string[] = [];
  /** What happened, with its fields. */
  readonly infos: [message: string, fields: LogFields][] = [];
  readonly handler: ProtocolHandler;

  constructor(
    limits: Partial<FrontLimits> = {},
    {
      legacySse = false,
      forwardable = [],
      authentication = byToken,
      memory,
      debug,
    }: {
      readonly legacySse?: boolean;
      readonly forwardable?: readonly string[];
      readonly authentication?: Authentication;
      readonly memory?: MemoryPressure;
      /** Hears of each request that has ended. */
      readonly debug?: Logger['debug'];
    } = {},
  ) {
    const complain = (_fields: unknown, message: string): void => void this.complaints.push(message);
    const logger: Logger = {
      debugging: debug !== undefined,
      debug: debug ?? (() => {}),
      info: (fields, message) => void this.infos.push([message, fields]),
      warn: complain,
      error: complain,
    };
    const { views, dispatch, updates, clock } = this;
    const identity = { name: 'omni', version: '1.2.3' };
    this.handler = new ProtocolHandler({
      views,
      dispatch,
      updates,
      authentication,
      hostCheck,
      probes,
      identity,
      limits: { ...LIMITS, ...limits },
      legacySse,
      forwardable,
      memory,
      clock,
      logger,
    });
  }

  /** Lets pending promises settle. */
  settle(): Promise<void> {
    return this.clock.advanceAsync(0);
  }

  /** Sends exactly this. */
  async raw(request: RecordedRequest): Promise<RecordingExchange> {
    const exchange = new RecordingExchange(request);
    this.handler.handle(exchange);
    await this.settle();
    return exchange;
  }

  /** Posts a body with the headers that every request needs, and these. */
  post(
    body: string | Uint8Array,
    headers: HeaderList = [],
    path = '/mcp',
    token = 'owner',
  ): Promise<RecordingExchange> {
    return this.raw({
      path,
      headers: ['Host', 'localhost', 'Authorization', `Bearer ${token}`, ...JSON_AND_EVENTS, ...headers],
      body,
    });
  }

  /** Posts a modern request with headers that mirror it. */
  modern(
    method: string,
    request: RequestText & {
      readonly name?: string;
      readonly path?: string;
      readonly token?: string;
    } = {},
  ): Promise<RecordingExchange> {
    const name = request.name === undefined ? [] : ['Mcp-Name', request.name];
    const headers = ['MCP-Protocol-Version', request.version ?? '2026-07-28', 'Mcp-Method', method, ...name];
    return this.post(modernText(method, request), headers, request.path, request.token);
  }

  /** Opens a legacy session. */
  async session(
    options: {
      readonly version?: string;
      readonly capabilities?: string;
      readonly path?: string;
      readonly token?: string;
    } = {},
  ): Promise<LegacyClient> {
    const { version = '2025-11-25', path = '/mcp', token = 'owner' } = options;
    const exchange = await this.post(initializeText(version, options.capabilities), [], path, token);
    const id = exchange.responseHeader('mcp-session-id');
    if (id === undefined) throw new TypeError(`no session: ${exchange.text()}`);
    return new LegacyClient(this, id, { version, path, token });
  }
}

/** A legacy session over HTTP, as its client sees it. */
export class LegacyClient {
  readonly id: string;
  readonly headers: HeaderList;
  readonly #front: FrontFixture;
  readonly #path: string;
  readonly #token: string;

  constructor(
    front: FrontFixture,
    id: string,
    { version, path, token }: { readonly version: string; readonly path: string; readonly token: string },
  ) {
    this.id = id;
    this.headers = ['Mcp-Session-Id', id, 'MCP-Protocol-Version', version];
    this.#front = front;
    this.#path = path;
    this.#token = token;
  }

  post(body: string): Promise<RecordingExchange> {
    return this.#front.post(body, this.headers, this.#path, this.#token);
  }

  request(method: string, request: RequestText = {}): Promise<RecordingExchange> {
    return this.post(legacyText(method, request));
  }

  /** Calls a tool and gives both ends: what the client sees, and the call as it was routed. */
  async call(id = '1'): Promise<{ readonly exchange: RecordingExchange; readonly call: RoutedCall }> {
    const exchange = await this.request('tools/call', { id, params: '"name":"files__read"' });
    return { exchange, call: this.#front.dispatch.last };
  }

  listen(accept = 'text/event-stream'): Promise<RecordingExchange> {
    return this.#front.raw({
      method: 'GET',
      path: this.#path,
      headers: [
        ...['Host', 'localhost', 'Authorization', `Bearer ${this.#token}`, 'Accept', accept],
        ...this.headers,
      ],
    });
  }

  /** Opens a stream behind an event. */
  resume(lastEventId: string, token = 'owner'): Promise<RecordingExchange> {
    return this.#front.raw({
      method: 'GET',
      path: this.#path,
      headers: [
        ...[
          'Host',
          'localhost',
          'Authorization',
          `Bearer ${token}`,
          'Accept',
          'text/event-stream',
          'Last-Event-ID',
          lastEventId,
        ],
        ...this.headers,
      ],
    });
  }

  end(): Promise<RecordingExchange> {
    return this.#front.raw({
      method: 'DELETE',
      path: this.#path,
      headers: ['Host', 'localhost', 'Authorization', `Bearer ${this.#token}`, ...this.headers],
    });
  }
}

export const LOCAL: Principal = { id: 'local', kind: 'local' };
