import {
  applyEdits,
  memberOf,
  metaOf,
  notificationText,
  rawOf,
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
  isLogLevel,
  isSameEndpoint,
  type Leftover,
  META_SUBSCRIPTION,
  NOTHING_RUNS,
  type Outcome,
  type RunningCall,
  type ViewChange,
} from '@omni/model';
import { GatewayError, LiveList, type Principal } from '@omni/ports';
import type { Dispatch, Identity, ResourceUpdates, SessionScope } from '../collaborators.ts';
import type { ClientRequest, RequestOwner, RequestServer } from '../request/client-request.ts';
import { type ClientOutlet, deliver, deliverNow } from '../request/deliver.ts';
import type { ListAnswers } from '../request/list-answers.ts';
import { isRouted, listKindOf, unknownMethod } from '../request/methods.ts';
import { passesLevel } from '../request/passes-level.ts';
import { RequestsById } from '../request/requests-by-id.ts';
import type { ServerRequestTarget } from '../request/response-writer.ts';
import { negotiateVersion } from './legacy-version.ts';
import { ServerRequests } from './server-requests.ts';
import type { StreamTicker } from '../streams/stream-ticker.ts';

const MAX_SUBSCRIPTIONS = 1000;
/** Of the client's capabilities. */
const CAPABILITY_LIMITS = { maxDepth: 64, maxElements: 10_000 };

interface Subscription {
  /** Absent until it stands. */
  release?: () => void;
}

/** What all sessions of a front share. */
export interface SessionDependencies {
  readonly views: CatalogueViews;
  readonly dispatch: Dispatch;
  readonly updates: ResourceUpdates;
  readonly lists: ListAnswers;
  readonly identity: Identity;
  readonly ticker: StreamTicker;
  readonly maxSessionInFlight: number;
  readonly openScope: ((client: ClientContext) => SessionScope) | undefined;
}

export interface LegacySessionOptions {
  readonly dependencies: SessionDependencies;
  readonly key: string;
  readonly principal: Principal;
  readonly endpoint: Endpoint;
  /** Takes what belongs to no request. */
  readonly outlet: ClientOutlet;
  /** Absent for a session that lives as long as its connection. */
  readonly leftover?: Leftover;
  /** Whether each request is answered in a response of its own, so that ids may be equal. Default `false`. */
  readonly answersApart?: boolean;
}

/**
 * One client of the legacy era, from `initialize` to its end, whatever it is connected by.
 *
 * @see MCP 2025-11-25, basic/lifecycle and basic/transports.
 */
export class LegacySession implements ClientBinding, RequestOwner, RequestServer {
  readonly principal: Principal;
  readonly leftover: Leftover | undefined;
  readonly key: string;
  readonly version: string;
  readonly capabilities: string;
  readonly clientInfo: string;
  readonly isShared = false;
  readonly client: ClientContext;
  readonly #options: LegacySessionOptions;
  readonly #dependencies: SessionDependencies;
  /** Requests that run, which keep the session from being idle. */
  readonly calls: RequestsById;
  // Most sessions are idle most of the time and need none of these.
  #serverRequests: ServerRequests | undefined;
  #subscriptions: Map<string, Subscription> | undefined;
  readonly #onEnd = new LiveList<() => void>();
  readonly #clientNotificationListeners = new LiveList<(notification: RpcMessage) => void>();
  readonly #scope: SessionScope | undefined;
  readonly #stopWatching: () => void;
  /** Of the last `logging/setLevel`. */
  #minimumLevel: string | undefined;
  #isEnded = false;

  /** @param initialize - The request that opens the session; see {@link checkInitialize}. */
  constructor(initialize: RpcMessage, options: LegacySessionOptions) {
    this.#options = options;
    this.#dependencies = options.dependencies;
    this.principal = options.principal;
    this.leftover = options.leftover;
    this.key = options.key;
    const { maxSessionInFlight } = options.dependencies;
    const { answersApart: areApart = false } = options;
    this.calls = new RequestsById({ where: 'in this session', maxSessionInFlight, areApart });
    this.version = negotiateVersion(initialize);
    const declared = rawOf(initialize, memberOf(initialize.params, 'capabilities')) ?? '{}';
    // Task ids of a client name no server: each server would see the tasks that others started with the
    // client.
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
    this.#scope = options.dependencies.openScope?.(this.client);
    this.#stopWatching = this.#dependencies.views.onChange((change) => this.#announce(change));
  }

  /** The answer to `initialize`, as JSON. */
  initializeResult(): string {
    const { views, identity } = this.#dependencies;
    const { capabilities, instructions } = views.of(this.client);
    const rest = instructions === undefined ? '' : `,"instructions":${JSON.stringify(instructions)}`;
    return `{"protocolVersion":${JSON.stringify(this.version)},"capabilities":${capabilities},"serverInfo":${JSON.stringify(identity)}${rest}}`;
  }

  serve(request: ClientRequest): RunningCall {
    const { dispatch, lists, views } = this.#dependencies;
    const { message } = request;
    if (isRouted(message.method)) return dispatch.dispatch(request, request);
    const kind = listKindOf(message.method);
    if (kind !== undefined) return lists.answer(kind, request);
    switch (message.method) {
      case 'ping':
        return resultOf(request, '{}');
      case 'initialize':
        return failureOf(
          request,
          new GatewayError('OMNI_MESSAGE_INVALID', 'This session is already initialized'),
        );
      case 'logging/setLevel':
        return this.#setLevel(request);
      case 'resources/subscribe':
        // Clients that remember addresses subscribe without listing first.
        return request.waiting(
          views.whenKnown(
            this.client,
            'list',
            request.later(() => void this.#subscribe(request)),
          ),
        );
      case 'resources/unsubscribe':
        return this.#unsubscribe(request);
      default:
        if (dispatch.carries(message.method, this.client.endpoint))
          return dispatch.dispatch(request, request);
        return failureOf(request, unknownMethod(message.method));
    }
  }

  onClientNotification(message: RpcMessage): void {
    if (message.method === 'notifications/roots/list_changed') {
      for (const listener of this.#clientNotificationListeners.items()) listener(message);
      return;
    }
    if (message.method === 'notifications/progress') return this.#serverRequests?.onProgress(message);
    if (message.method !== 'notifications/cancelled') return;
    const id = rawOf(message, memberOf(message.params, 'requestId'));
    // A late or foreign id is normal: the answer was faster (MCP 2025-11-25, basic/utilities/cancellation).
    for (const call of this.calls.of(id ?? ''))
      call.cancel(stringMember(message.text, message.params, 'reason'));
  }

  /** @returns Whether the response was waited for. */
  onClientResponse(message: RpcMessage): boolean {
    return this.#serverRequests?.onResponse(message) ?? false;
  }

  ask(
    message: RpcMessage,
    answer: AnswerServerRequest,
    target: ServerRequestTarget,
    signal?: AbortSignal,
  ): void {
    this.#openServerRequests().ask(message, answer, target, signal);
  }

  onNotification(upstream: string, message: RpcMessage): void {
    if (this.#isEnded) return;
    // guard: session/level
    if (message.method === 'notifications/message' && !passesLevel(message, this.#minimumLevel)) return;
    this.#dependencies.dispatch.toClient(upstream, message, this.client, ({ text }) =>
      deliver(this.#options.outlet, text),
    );
  }

  onServerRequest(
    upstream: string,
    message: RpcMessage,
    answer: AnswerServerRequest,
    signal?: AbortSignal,
  ): void {
    const target = { serverRequest: (text: string) => deliverNow(this.#options.outlet, text) };
    this.#dependencies.dispatch.toClient(upstream, message, this.client, (translated) =>
      this.ask(translated, answer, target, signal),
    );
  }

  logLevel(): string | undefined {
    return this.#minimumLevel;
  }

  addClientNotificationListener(listener: (notification: RpcMessage) => void): () => void {
    const place = this.#clientNotificationListeners.add(listener);
    return () => this.#clientNotificationListeners.remove(place);
  }

  onEnd(listener: () => void): () => void {
    if (this.#isEnded) {
      listener();
      return () => {};
    }
    const place = this.#onEnd.add(listener);
    return () => this.#onEnd.remove(place);
  }

  /**
   * The client says nothing more, even if it still reads: what servers ask it need not wait for the session
   * to end.
   */
  endServerRequests(): void {
    this.#openServerRequests().end();
  }

  /**
   * Ends everything that belongs to the session. Calls that still run are cancelled.
   *
   * @param reason - What those calls are answered with; without it they get no answer.
   * @param why - Why they are cancelled.
   */
  end(reason?: GatewayError, why = reason?.message ?? 'the session has ended'): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#stopWatching();
    const outcome: Outcome | undefined = reason === undefined ? undefined : { kind: 'error', error: reason };
    for (const call of this.calls.items()) call.cancel(why, outcome);
    this.endServerRequests();
    // guard: session/release
    for (const { release } of this.#subscriptions?.values() ?? []) release?.();
    this.#subscriptions = undefined;
    for (const listener of this.#onEnd.items()) listener();
    this.#scope?.close();
  }

  #setLevel(request: ClientRequest): RunningCall {
    const { text, params } = request.message;
    const level = stringMember(text, params, 'level');
    if (level === undefined || !isLogLevel(level))
      return failureOf(
        request,
        new GatewayError('OMNI_PARAMS_INVALID', '"level" must be one of the log levels of MCP'),
      );
    this.#minimumLevel = level;
    return this.#dependencies.dispatch.dispatch(request, request);
  }

  #subscribe(request: ClientRequest): RunningCall {
    const uri = stringMember(request.message.text, request.message.params, 'uri');
    const { updates, views } = this.#dependencies;
    const { outlet } = this.#options;
    const subscriptions = (this.#subscriptions ??= new Map());
    if (uri === undefined)
      return failureOf(request, new GatewayError('OMNI_PARAMS_INVALID', '"uri" must be a string'));
    if (!views.of(this.client).allowsWatch(uri))
      return failureOf(request, new GatewayError('OMNI_NAME_UNKNOWN', 'No server offers this resource'));
    if (subscriptions.get(uri)?.release !== undefined) return resultOf(request, '{}');
    // guard: session/subscriptions
    if (subscriptions.size >= MAX_SUBSCRIPTIONS) {
      return failureOf(
        request,
        new GatewayError('OMNI_OVERLOADED', `At most ${MAX_SUBSCRIPTIONS} resources can be subscribed to`),
      );
    }
    const subscription: Subscription = {};
    subscriptions.set(uri, subscription);
    updates.subscribe(
      this.client,
      uri,
      (update) => deliver(outlet, /* guard: session/foreign-listen */ withoutSubscriptionId(update)),
      (release) => {
        // The client may have taken it back, or asked again.
        const isWanted =
          !this.#isEnded &&
          !request.isSettled &&
          /* guard: session/taken-back */ subscriptions.get(uri) === subscription;
        if (release instanceof GatewayError) {
          if (isWanted) subscriptions.delete(uri);
          return void failureOf(request, release);
        }
        if (isWanted) subscription.release = release;
        else {
          // One that was cancelled is not there for the next request either.
          if (subscriptions.get(uri) === subscription) subscriptions.delete(uri);
          release();
        }
        return void resultOf(request, '{}');
      },
    );
    return NOTHING_RUNS;
  }

  #unsubscribe(request: ClientRequest): RunningCall {
    const uri = stringMember(request.message.text, request.message.params, 'uri');
    if (uri === undefined)
      return failureOf(request, new GatewayError('OMNI_PARAMS_INVALID', '"uri" must be a string'));
    this.#subscriptions?.get(uri)?.release?.();
    this.#subscriptions?.delete(uri);
    return resultOf(request, '{}');
  }

  #openServerRequests(): ServerRequests {
    this.#serverRequests ??= new ServerRequests(this.#dependencies.ticker, this.capabilities);
    return this.#serverRequests;
  }

  #announce(change: ViewChange): void {
    if (
      /* guard: session/changes */ !isSameEndpoint(change.endpoint, this.client.endpoint) ||
      !change.isFor(this.client)
    )
      return;
    for (const kind of change.kinds)
      deliver(this.#options.outlet, notificationText(`notifications/${kind}/list_changed`, ''));
  }
}

function resultOf(request: ClientRequest, result: string): RunningCall {
  request.result(result);
  return NOTHING_RUNS;
}

function failureOf(request: ClientRequest, error: GatewayError): RunningCall {
  request.fail(error);
  return NOTHING_RUNS;
}

/**
 * An update as this era knows it: a modern server marks it with the id of a listen that is Omni's own
 * (PROTO-R16).
 */
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

/**
 * The same text in a string of its own: a chunk of a message would keep the whole message for as long as the
 * session lasts.
 */
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
