import {
  applyEdits,
  memberOf,
  metaOf,
  notificationText,
  rawOf,
  resultText,
  type RpcMessage,
  scanJson,
  stringMember,
  withoutMembers,
} from '@omni/jsonrpc';
import {
  type AnswerServerRequest,
  type CatalogueViews,
  type ClientBinding,
  type ClientContext,
  type Endpoint,
  isSameEndpoint,
  NOTHING_RUNS,
  type RunningCall,
  type ViewChange,
} from '@omni/model';
import { GatewayError, type HeaderList, type Principal } from '@omni/ports';
import { CAPABILITY_LIMITS, ClientRequests } from './client-requests.ts';
import type { Dispatch, Identity, ResourceUpdates } from '../collaborators.ts';
import type { FrontReply } from '../front-reply.ts';
import { isLogLevel, passesLevel } from './log-level.ts';
import { META_SUBSCRIPTION } from '../modern/modern-envelope.ts';
import { checkCursor, isRouted, listKindOf } from '../modern/modern-requests.ts';
import { negotiateLegacyVersion } from '../protocol-versions.ts';
import { SessionCall, SessionCalls } from './session-calls.ts';
import type { StreamTicker } from '../streams/stream-ticker.ts';

const MAX_SUBSCRIPTIONS = 1000;
interface Subscription {
  /** Absent until it stands. */
  release?: () => void;
}

/** What all sessions of a front share. */
export interface SessionDependencies {
  readonly views: CatalogueViews;
  readonly dispatch: Dispatch;
  readonly updates: ResourceUpdates;
  readonly identity: Identity;
  readonly ticker: StreamTicker;
  readonly maxInFlight: number;
}

export interface LegacySessionOptions {
  readonly dependencies: SessionDependencies;
  readonly key: string;
  readonly principal: Principal;
  readonly endpoint: Endpoint;
  /** Sends a notification that belongs to no request. */
  readonly send: (text: string) => void;
  /** Sends a question that belongs to no request; `false` when nobody would hear it. */
  readonly sendServerRequest: (text: string) => boolean;
}

/**
 * One client of the legacy era, from `initialize` to its end, whatever it is connected by.
 *
 * @see MCP 2025-11-25, basic/lifecycle and basic/transports.
 */
export class LegacySession implements ClientBinding {
  readonly key: string;
  readonly version: string;
  readonly capabilities: string;
  readonly clientInfo: string;
  readonly isShared = false;
  readonly client: ClientContext;
  readonly #options: LegacySessionOptions;
  readonly #dependencies: SessionDependencies;
  readonly #calls = new SessionCalls();
  // Most sessions are idle most of the time and need none of these.
  #requests: ClientRequests | undefined;
  #subscriptions: Map<string, Subscription> | undefined;
  readonly #onEnd: (() => void)[] = [];
  readonly #addClientNotificationListener: ((notification: RpcMessage) => void)[] = [];
  readonly #stopWatching: () => void;
  #isEnded = false;

  /** @param initialize - The request that opens the session; see {@link checkInitialize}. */
  constructor(initialize: RpcMessage, options: LegacySessionOptions) {
    this.#options = options;
    this.#dependencies = options.dependencies;
    this.key = options.key;
    this.version = negotiateLegacyVersion(
      stringMember(initialize.text, initialize.params, 'protocolVersion') ?? '',
    );
    const declared = rawOf(initialize, memberOf(initialize.params, 'capabilities')) ?? '{}';
    // Servers would see the tasks that others have started with the client: their ids name no server.
    this.capabilities = copyOf(options.endpoint.kind === 'all' ? withoutTasks(declared) : declared);
    this.clientInfo = copyOf(rawOf(initialize, memberOf(initialize.params, 'clientInfo')) ?? '{}');
    this.client = {
      principal: options.principal,
      era: 'legacy',
      endpoint: options.endpoint,
      session: this,
      capabilities: this.capabilities,
      clientInfo: this.clientInfo,
    };
    this.#stopWatching = this.#dependencies.views.onChange((change) => this.#announce(change));
  }

  /** Requests that run, which keep the session from being idle. */
  get inFlight(): number {
    return this.#calls.size;
  }

  /** The answer to `initialize`, as JSON. */
  initializeResult(): string {
    const { views, identity } = this.#dependencies;
    const { capabilities, instructions } = views.of(this.client);
    const rest = instructions === undefined ? '' : `,"instructions":${JSON.stringify(instructions)}`;
    return `{"protocolVersion":${JSON.stringify(this.version)},"capabilities":${capabilities},"serverInfo":${JSON.stringify(identity)}${rest}}`;
  }

  /** Serves a request; never throws. @param forwardable - What some server may be told of the headers that came with it. */
  onRequest(message: RpcMessage, reply: FrontReply, forwardable?: HeaderList): void {
    const refused = this.#admit(message);
    if (refused !== undefined) return reply.settle({ kind: 'error', error: refused });
    const call = new SessionCall(message.id, reply, this.#calls);
    try {
      call.running = this.#serve(message, call, forwardable);
    } catch (error) {
      call.settle({ kind: 'error', error: GatewayError.from(error) });
    }
  }

  onClientNotification(message: RpcMessage): void {
    if (message.method === 'notifications/roots/list_changed') {
      for (const listener of this.#addClientNotificationListener) listener(message);
      return;
    }
    if (message.method === 'notifications/progress') return this.#requests?.onProgress(message);
    if (message.method !== 'notifications/cancelled') return;
    const id = rawOf(message, memberOf(message.params, 'requestId'));
    const call = id === undefined ? undefined : this.#calls.get(id);
    // A late or foreign id is normal: the answer was faster (MCP 2025-11-25, basic/utilities/cancellation).
    call?.cancel(stringMember(message.text, message.params, 'reason'));
  }

  /** @returns Whether the response was waited for. */
  onClientResponse(message: RpcMessage): boolean {
    return this.#requests?.onResponse(message) ?? false;
  }

  /** Passes a request of an upstream to the client on the stream that `send` writes to. */
  ask(
    message: RpcMessage,
    answer: AnswerServerRequest,
    send: (text: string) => boolean,
    signal?: AbortSignal,
  ): void {
    this.#clientRequests().ask(message, answer, send, signal);
  }

  onNotification(upstream: string, message: RpcMessage): void {
    if (this.#isEnded) return;
    // guard: session/level
    if (message.method === 'notifications/message' && !passesLevel(message, this.#calls.minimumLevel)) return;
    this.#dependencies.dispatch.toClient(upstream, message, this.client, ({ text }) =>
      this.#options.send(text),
    );
  }

  onServerRequest(
    upstream: string,
    message: RpcMessage,
    answer: AnswerServerRequest,
    signal?: AbortSignal,
  ): void {
    this.#dependencies.dispatch.toClient(upstream, message, this.client, (translated) =>
      this.askAside(translated, answer, signal),
    );
  }

  /** Passes a request of an upstream to the client on the stream that belongs to no request. */
  askAside(message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void {
    this.#clientRequests().ask(message, answer, this.#options.sendServerRequest, signal);
  }

  logLevel(): string | undefined {
    return this.#calls.minimumLevel;
  }

  addClientNotificationListener(listener: (notification: RpcMessage) => void): void {
    this.#addClientNotificationListener.push(listener);
  }

  onEnd(listener: () => void): void {
    if (this.#isEnded) listener();
    else this.#onEnd.push(listener);
  }

  /** The client says nothing more, even if it still reads: what servers ask it need not wait for the session to end. */
  endServerRequests(): void {
    this.#clientRequests().end();
  }

  /**
   * Ends everything that belongs to the session. Calls that still run are cancelled.
   *
   * @param reason - What those calls are answered with; without it they get no answer.
   */
  end(reason?: GatewayError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#stopWatching();
    for (const call of this.#calls.all()) call.end('the session has ended', reason);
    this.endServerRequests();
    // guard: session/release
    for (const { release } of this.#subscriptions?.values() ?? []) release?.();
    this.#subscriptions = undefined;
    for (const listener of this.#onEnd) listener();
  }

  #admit(message: RpcMessage): GatewayError | undefined {
    // guard: session/id-in-use
    if (this.#calls.get(message.id) !== undefined)
      return new GatewayError(
        'OMNI_REQUEST_ID_IN_USE',
        'A request with this id is still running in this session',
      );
    const { maxInFlight } = this.#dependencies;
    if (/* guard: session/in-flight */ this.#calls.size < maxInFlight) return undefined;
    return new GatewayError(
      'OMNI_OVERLOADED',
      `At most ${maxInFlight} requests can run in one session (limits.maxSessionInFlight)`,
    );
  }

  #serve(message: RpcMessage, reply: FrontReply, forwardable: HeaderList | undefined): RunningCall {
    const { dispatch, views } = this.#dependencies;
    const { endpoint } = this.client;
    if (isRouted(message.method))
      return dispatch.route({ message, client: this.client, paramHeaders: undefined, forwardable }, reply);
    const kind = listKindOf(message.method);
    if (kind !== undefined) {
      const refused = checkCursor(message);
      if (refused !== undefined) return this.#error(reply, refused);
      views.whenKnown(
        this.client,
        'list',
        () => void this.#result(message, reply, views.of(this.client).list(kind)),
      );
      return NOTHING_RUNS;
    }
    switch (message.method) {
      case 'ping':
        return this.#result(message, reply, '{}');
      case 'initialize':
        return this.#error(
          reply,
          new GatewayError('OMNI_MESSAGE_INVALID', 'This session is already initialized'),
        );
      case 'logging/setLevel':
        return this.#setLevel(message, reply);
      case 'resources/subscribe':
        // Clients that remember addresses subscribe without listing first.
        views.whenKnown(this.client, 'list', () => void this.#subscribe(message, reply));
        return NOTHING_RUNS;
      case 'resources/unsubscribe':
        return this.#unsubscribe(message, reply);
      default:
        if (dispatch.carries(message.method, endpoint))
          return dispatch.route(
            { message, client: this.client, paramHeaders: undefined, forwardable },
            reply,
          );
        return this.#error(
          reply,
          new GatewayError(
            'OMNI_METHOD_UNKNOWN',
            `Method ${JSON.stringify(message.method.slice(0, 100))} is not offered here`,
          ),
        );
    }
  }

  #setLevel(message: RpcMessage, reply: FrontReply): RunningCall {
    const level = stringMember(message.text, message.params, 'level');
    if (level === undefined || !isLogLevel(level))
      return this.#error(
        reply,
        new GatewayError('OMNI_PARAMS_INVALID', '"level" must be one of the log levels of MCP'),
      );
    this.#calls.minimumLevel = level;
    return this.#dependencies.dispatch.route(
      { message, client: this.client, paramHeaders: undefined },
      reply,
    );
  }

  #subscribe(message: RpcMessage, reply: FrontReply): RunningCall {
    const uri = stringMember(message.text, message.params, 'uri');
    const { updates, views } = this.#dependencies;
    const subscriptions = (this.#subscriptions ??= new Map());
    if (uri === undefined)
      return this.#error(reply, new GatewayError('OMNI_PARAMS_INVALID', '"uri" must be a string'));
    if (!views.of(this.client).allowsWatch(uri))
      return this.#error(reply, new GatewayError('OMNI_NAME_UNKNOWN', 'No server offers this resource'));
    if (subscriptions.get(uri)?.release !== undefined) return this.#result(message, reply, '{}');
    // guard: session/subscriptions
    if (subscriptions.size >= MAX_SUBSCRIPTIONS) {
      return this.#error(
        reply,
        new GatewayError('OMNI_OVERLOADED', `At most ${MAX_SUBSCRIPTIONS} resources can be subscribed to`),
      );
    }
    const subscription: Subscription = {};
    subscriptions.set(uri, subscription);
    updates.subscribe(
      this.client,
      uri,
      (update) => this.#options.send(/* guard: session/foreign-listen */ withoutSubscriptionId(update)),
      (release) => {
        // The client may have taken it back, or asked again.
        const isWanted =
          !this.#isEnded && /* guard: session/taken-back */ subscriptions.get(uri) === subscription;
        if (release instanceof GatewayError) {
          if (isWanted) subscriptions.delete(uri);
          return void this.#error(reply, release);
        }
        if (isWanted) subscription.release = release;
        else release();
        return void this.#result(message, reply, '{}');
      },
    );
    return NOTHING_RUNS;
  }

  #unsubscribe(message: RpcMessage, reply: FrontReply): RunningCall {
    const uri = stringMember(message.text, message.params, 'uri');
    if (uri === undefined)
      return this.#error(reply, new GatewayError('OMNI_PARAMS_INVALID', '"uri" must be a string'));
    this.#subscriptions?.get(uri)?.release?.();
    this.#subscriptions?.delete(uri);
    return this.#result(message, reply, '{}');
  }

  #clientRequests(): ClientRequests {
    this.#requests ??= new ClientRequests(this.#dependencies.ticker, this.capabilities);
    return this.#requests;
  }

  #announce(change: ViewChange): void {
    if (
      /* guard: session/changes */ !isSameEndpoint(change.endpoint, this.client.endpoint) ||
      !change.isFor(this.client)
    )
      return;
    for (const kind of change.kinds)
      this.#options.send(notificationText(`notifications/${kind}/list_changed`, ''));
  }

  #result(message: RpcMessage, reply: FrontReply, result: string): RunningCall {
    reply.settle({ kind: 'message', payload: resultText(message.id, result), status: 200 });
    return NOTHING_RUNS;
  }

  #error(reply: FrontReply, error: GatewayError): RunningCall {
    reply.settle({ kind: 'error', error });
    return NOTHING_RUNS;
  }
}

/** An update as this era knows it: a modern server marks it with the id of a listen that is Omni's own (protocol.md R16). */
function withoutSubscriptionId(update: RpcMessage): string {
  const meta = metaOf(update);
  if (meta === undefined || memberOf(meta, META_SUBSCRIPTION) === undefined) return update.text;
  const kept = withoutMembers(update.text, meta, (key) => key === META_SUBSCRIPTION);
  return applyEdits(update.text, [{ start: meta.start, end: meta.end, text: kept }]);
}

function withoutTasks(capabilities: string): string {
  const scan = scanJson(capabilities, CAPABILITY_LIMITS);
  return scan.kind === 'object'
    ? withoutMembers(capabilities, scan.object, (key) => key === 'tasks')
    : capabilities;
}

/** The same text in a string of its own: a chunk of a message would keep the whole message for as long as the session lasts. */
function copyOf(text: string): string {
  // Holds: a string comes back as a string.
  return JSON.parse(JSON.stringify(text)) as string;
}

/** Why a message cannot open a session; `undefined` when it can. */
export function checkInitialize(message: RpcMessage): GatewayError | undefined {
  if (stringMember(message.text, message.params, 'protocolVersion') === undefined) {
    return new GatewayError('OMNI_PARAMS_INVALID', '"protocolVersion" must be a string');
  }
  for (const key of ['capabilities', 'clientInfo']) {
    const member = memberOf(message.params, key);
    if (member === undefined || message.text.charCodeAt(member.start) !== 0x7b)
      return new GatewayError('OMNI_PARAMS_INVALID', `"${key}" must be an object`);
  }
  return undefined;
}
