import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import {
  type Answer,
  type AnswerServerRequest,
  type CallHandler,
  callParams,
  type CatalogueView,
  type CatalogueViews,
  type ChunkSink,
  type ClientBinding,
  type ClientContext,
  composeRequest,
  DeferredEnd,
  type DispatchStage,
  endpointOf,
  type Outcome,
  type ReplySink,
  type RequestStage,
  type RpcNotification,
  type RunningCall,
  serverOf,
  type Target,
  type UpstreamCall,
  type UpstreamConnection,
  type ViewKey,
} from '@omni/model';
import { type Era, GatewayError, type HeaderList } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import type { UpstreamAccess } from './call/upstream-access.ts';
import { RequestRouter } from './request-router.ts';

/** Reads a text that must be a message. */
export function messageOf(text: string): RpcMessage {
  const message = parseMessage(text, { maxDepth: 64, maxElements: 100_000 });
  if (message.kind === 'batch' || message.kind === 'rejected') throw new TypeError(`no message: ${text}`);
  return message;
}

/** @param params - JSON, or empty for none. */
export function requestOf(method: string, params = '', id = '1'): RpcMessage {
  return messageOf(
    `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)}${params === '' ? '' : `,"params":${params}`}}`,
  );
}

export function clientOf(era: Era, server?: string): ClientContext {
  return {
    principal: { id: 'owner', kind: 'token' },
    era,
    endpoint: endpointOf(server),
    session: undefined,
    capabilities: '{}',
    clientInfo: '{"name":"test"}',
  };
}

/** A legacy session, as the bridge sees it. */
export class FakeSession implements ClientBinding {
  readonly key = 'session-1';
  readonly principal = clientOf('legacy').principal;
  readonly version = '2025-11-25';
  readonly capabilities: string;
  readonly clientInfo = '{"name":"test"}';
  readonly isShared = false;
  level: string | undefined;
  readonly #ends: (() => void)[] = [];
  readonly #onNotification: (text: string) => void;

  constructor(capabilities = '{}', onNotification: (text: string) => void = () => {}) {
    this.capabilities = capabilities;
    this.#onNotification = onNotification;
  }

  /** Its client. */
  client(server?: string): ClientContext {
    return { ...clientOf('legacy', server), session: this, capabilities: this.capabilities };
  }

  logLevel(): string | undefined {
    return this.level;
  }

  onNotification(_upstream: string, message: RpcMessage): void {
    this.#onNotification(message.text);
  }

  onServerRequest(): void {}

  addClientNotificationListener(): () => void {
    return () => {};
  }

  onEnd(listener: () => void): () => void {
    this.#ends.push(listener);
    return () => void this.#ends.splice(this.#ends.indexOf(listener), 1);
  }

  end(): void {
    for (const listener of this.#ends) listener();
  }
}

/** A call as an upstream sees it: a test plays the upstream. */
export class SentCall {
  readonly call: UpstreamCall;
  readonly listener: CallHandler;
  readonly cancels: (string | undefined)[] = [];

  constructor(call: UpstreamCall, listener: CallHandler) {
    this.call = call;
    this.listener = listener;
  }

  /** The parameters as they leave. */
  get params(): string {
    return callParams(this.call);
  }

  /** The progress token as it stands in the text of the call. */
  get progressToken(): string | undefined {
    const token = this.call.progressToken;
    return token === undefined ? undefined : this.call.text.slice(token.start, token.end);
  }

  /** @param members - Of the response beside the id, as JSON. */
  answer(members: string, status = 200): void {
    this.listener.onAnswer({
      kind: 'message',
      message: messageOf(`{"jsonrpc":"2.0","id":4711,${members}}`),
      status,
    });
  }

  bytes(text: string): void {
    this.listener.onAnswer({ kind: 'bytes', bytes: new TextEncoder().encode(text), status: 200 });
  }

  notify(text: string): boolean {
    return this.listener.onNotification(messageOf(text));
  }
}

export class ScriptedConnection implements UpstreamConnection {
  readonly upstream: string;
  readonly era: Era;
  readonly keepsClientId = false;
  binding: ClientBinding | undefined;
  /** Whether it may hear of its clients' folders. */
  passesRoots = false;
  readonly handshake: RpcMessage;
  readonly sent: SentCall[] = [];
  /** Says something about a task outside of any call. */
  sayOfTasks: (notification: RpcMessage) => void = () => {};
  /** Told when a call is sent or cancelled. */
  onEvent = (): void => {};
  /** Answers each call as soon as `send` has returned, unless it is cancelled first. */
  immediate: string | undefined;
  readonly #onSent: (() => void)[] = [];

  /** @param result - Of its greeting, as JSON. */
  constructor(upstream: string, era: Era, result = '{"serverInfo":{"name":"up"},"capabilities":{}}') {
    this.upstream = upstream;
    this.era = era;
    this.handshake = messageOf(`{"jsonrpc":"2.0","id":0,"result":${result}}`);
  }

  send(call: UpstreamCall, listener: CallHandler): RunningCall {
    const sent = new SentCall(call, listener);
    this.sent.push(sent);
    for (const onSent of this.#onSent.splice(0)) onSent();
    this.onEvent();
    const { immediate } = this;
    if (immediate === undefined)
      return {
        cancel: (reason) => {
          sent.cancels.push(reason);
          this.onEvent();
        },
      };
    return new DeferredEnd(() => sent.answer(immediate));
  }

  notify(): void {}

  hearTasks(listener: (notification: RpcMessage) => void): void {
    this.sayOfTasks = listener;
  }

  /**
   * Resolves when more than so many calls have been sent: ids of tasks are opened on threads of the runtime.
   */
  sentMore(than: number): Promise<void> {
    return this.sent.length > than ? Promise.resolve() : new Promise((resolve) => this.#onSent.push(resolve));
  }

  /** The latest call. */
  get last(): SentCall {
    const sent = this.sent.at(-1);
    if (sent === undefined) throw new TypeError('nothing was sent');
    return sent;
  }
}

/** Shows tools and prompts `<server>__<name>`, under their own names on the endpoint of one server. */
export class ScriptedViews implements CatalogueViews {
  readonly remembered: string[] = [];
  readonly checkedHeaders: [string | undefined, HeaderList][] = [];
  mismatch: GatewayError | undefined;
  wrapsOutput = false;
  /** Answers vendor methods, where it is set. */
  methodRefusal: GatewayError | undefined;
  /** Who lists tasks on the endpoint of all servers. */
  taskLists: readonly string[] = [];
  /** Whether it is known what the upstreams offer. */
  isRead = true;
  /** Servers that are asked for resources, and list none. */
  readonly unlistedAt = new Set<string>();
  /** Who may have any resource. */
  owners: readonly string[] = ['files'];
  /** Calls that wait until it is known; a test calls them, if it makes them wait. */
  readonly waiting: (() => void)[] = [];
  isWaiting = false;
  onWaiting = (): void => {};

  serves(): boolean {
    return true;
  }

  of({ endpoint }: ViewKey): CatalogueView {
    return {
      capabilities: '{}',
      instructions: undefined,
      list: () => '{}',
      route: (_kind, name) => this.#route(name, serverOf(endpoint)),
      unreadOwners: (_kind, name) =>
        this.isRead ? [] : [serverOf(endpoint) ?? name.split('__').slice(0, -1)].flat(),
      routeUri: (uri) => this.routeUri(uri),
      offersUri: (uri) =>
        !this.unlistedAt.has(serverOf(endpoint) ?? '') && !(this.routeUri(uri) instanceof GatewayError),
      routeMethod: () => this.methodRefusal ?? (endpoint.kind === 'all' ? this.taskLists : [endpoint.server]),
      allowsWatch: (uri) => !(this.routeUri(uri) instanceof GatewayError),
      rememberUri: (uri, upstream) => this.remembered.push(`${upstream} ${uri}`),
    };
  }

  routeUri(uri: string): readonly string[] | GatewayError {
    return uri.startsWith('file:') ? this.owners : new GatewayError('OMNI_NAME_UNKNOWN', 'No such resource');
  }

  onChange(): () => void {
    return () => {};
  }

  whenKnown(_client: ClientContext, _purpose: 'list' | 'call', listener: () => void): () => void {
    if (this.isWaiting) {
      this.waiting.push(listener);
      this.onWaiting();
    } else listener();
    return () => {
      const index = this.waiting.indexOf(listener);
      if (index >= 0) this.waiting.splice(index, 1);
    };
  }

  #route(name: string, server: string | undefined): Target | GatewayError {
    const [upstream, own] = server === undefined ? name.split('__') : [server, name];
    if (upstream === undefined || own === undefined || !this.isRead)
      return new GatewayError('OMNI_NAME_UNKNOWN', 'No such name');
    return {
      upstream,
      name: own,
      wrapsOutput: this.wrapsOutput,
      checkHeaders: (argumentsText, headers) => {
        this.checkedHeaders.push([argumentsText, headers]);
        return this.mismatch;
      },
      headersFor: (argumentsText) =>
        argumentsText === undefined ? [] : ['Mcp-Param-Derived', String(argumentsText.length)],
    };
  }
}

export class ScriptedUpstreams implements UpstreamAccess {
  readonly names = ['files', 'mail'];
  readonly connections = new Map<string, ScriptedConnection | GatewayError>();
  /** Why they take no calls. */
  readonly refusals = new Map<string, GatewayError>();
  readonly subscriptions: string[] = [];
  /** How many wait no longer for a connection that is still opening. */
  withdrawn = 0;
  /** Connections that are still opening; a test calls them. */
  readonly opening: (() => void)[] = [];
  isSlow = false;
  /** Told which upstream a connection is wanted to. */
  onWanted: (upstream: string) => void = () => {};

  refusalOf(upstream: string): GatewayError | undefined {
    return this.refusals.get(upstream);
  }

  /** Of replicas, by their names. */
  readonly groups = new Map<string, string>();

  groupOf(upstream: string): string {
    return this.groups.get(upstream) ?? upstream;
  }

  membersOf(group: string): readonly string[] {
    return [group, ...[...this.groups].flatMap(([member, of]) => (of === group ? [member] : []))];
  }

  definitionOf(upstream: string): string {
    return `definition of ${upstream}`;
  }

  connectionFor(
    upstream: string,
    _client: ClientContext,
    done: (result: UpstreamConnection | GatewayError) => void,
  ): () => void {
    this.onWanted(upstream);
    const connection =
      this.connections.get(upstream) ?? new GatewayError('OMNI_UPSTREAM_DOWN', `"${upstream}" is down`);
    if (!this.isSlow) {
      done(connection);
      return () => {};
    }
    this.opening.push(() => done(connection));
    return () => void this.withdrawn++;
  }

  openConnection(upstream: string): UpstreamConnection | undefined {
    const connection = this.connections.get(upstream);
    return connection instanceof GatewayError ? undefined : connection;
  }

  subscribe(
    upstream: string,
    _client: ClientContext,
    uri: string,
    _onUpdated: (message: RpcMessage) => void,
    done: (release: (() => void) | GatewayError) => void,
  ): void {
    this.subscriptions.push(`${upstream} ${uri}`);
    done(() => {});
  }
}

/** What the client gets. */
export class RecordingReply implements ReplySink {
  readonly notifications: string[] = [];
  readonly serverRequests: [upstream: string, text: string][] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  /**
   * What the client answers, in turn, as members of a response; the last one again and again. `undefined`:
   * nothing yet.
   */
  replies: (string | undefined)[] = ['"result":{}'];
  /** Answers of questions without a reply. */
  readonly pending: AnswerServerRequest[] = [];
  readonly answers: Answer[] = [];
  /** How often it was ended. */
  ends = 0;
  /** What `notification` returns. */
  isFast = true;
  /** Resolves with the first answer: states are sealed and opened on threads of the runtime. */
  readonly answered: Promise<void>;
  /** Where the client takes answers while they come. */
  readonly chunks: ChunkSink | undefined;
  #onAnswered: () => void = () => {};
  #drains: (() => void)[] = [];

  constructor(chunks?: ChunkSink) {
    this.chunks = chunks;
    this.answered = new Promise((resolve) => (this.#onAnswered = resolve));
  }

  notification(notification: RpcNotification): boolean {
    this.notifications.push(notification.text);
    return this.isFast;
  }

  onDrain(listener: () => void): void {
    this.#drains.push(listener);
  }

  drain(): void {
    for (const listener of this.#drains.splice(0)) listener();
  }

  serverRequest(
    upstream: string,
    message: RpcMessage,
    answer: AnswerServerRequest,
    signal?: AbortSignal,
  ): void {
    this.serverRequests.push([upstream, message.text]);
    this.signals.push(signal);
    const reply = this.replies.length > 1 ? this.replies.shift() : this.replies[0];
    if (reply === undefined) this.pending.push(answer);
    else answer(messageOf(`{"jsonrpc":"2.0","id":"omni-1",${reply}}`));
  }

  settle(outcome: Outcome): void {
    this.ends++;
    if (outcome.kind === 'message' || outcome.kind === 'error') this.answers.push(outcome);
    this.#onAnswered();
  }

  /** The text of the one answer, or the code of the one error. */
  get text(): string {
    const [answer, ...more] = this.answers;
    if (answer === undefined || more.length > 0) throw new TypeError(`${this.answers.length} answers`);
    if (answer.kind === 'error') return answer.error.code;
    return typeof answer.payload === 'string' ? answer.payload : new TextDecoder().decode(answer.payload);
  }

  get json(): unknown {
    return JSON.parse(this.text);
  }

  get status(): number {
    const answer = this.answers[0];
    return answer?.kind === 'message' ? answer.status : 0;
  }
}

/** A router with everything around it played by the test. */
export class RouterFixture {
  readonly views = new ScriptedViews();
  readonly upstreams = new ScriptedUpstreams();
  readonly clock = new VirtualClock();
  /** Servers whose lists a call has made doubtful, with why. */
  readonly doubted: string[] = [];
  /** Servers whose calls may become tasks of Omni. */
  readonly makingTasks = new Set<string>();
  /** What requests pass before their attempts, and before their way is looked for. */
  readonly stages: RequestStage[] = [];
  readonly admission: DispatchStage[] = [];
  readonly router: RequestRouter = new RequestRouter({
    stages: [(request, next) => composeRequest(this.stages, request, next)],
    admission: [
      (next) => (context, reply) =>
        this.admission.reduceRight((inner, stage) => stage(inner), next)(context, reply),
    ],
    clock: this.clock,
    views: this.views,
    upstreams: this.upstreams,
    forwards: (upstream) => (upstream === 'files' ? ['x-tenant'] : undefined),
    makesTasks: (server) => this.makingTasks.has(server),
    onContradicted: (upstream) => this.doubted.push(`${upstream} contradicts`),
    onUnreachable: (upstream) => this.doubted.push(`${upstream} is gone`),
  });

  /** Omni has just started: its upstreams settle later. */
  unsettle(): void {
    this.views.isWaiting = true;
  }

  settle(): void {
    this.views.isWaiting = false;
    for (const listener of this.views.waiting.splice(0)) listener();
  }

  /** Adds a connected upstream. */
  connection(upstream: string, era: Era, handshake?: string): ScriptedConnection {
    const connection = new ScriptedConnection(upstream, era, handshake);
    this.upstreams.connections.set(upstream, connection);
    return connection;
  }

  route(
    message: RpcMessage,
    client: ClientContext,
    paramHeaders?: HeaderList,
    chunks?: ChunkSink,
  ): { readonly reply: RecordingReply; readonly running: RunningCall } {
    const reply = new RecordingReply(chunks);
    return { reply, running: this.router.dispatch({ message, client, paramHeaders }, reply) };
  }
}
