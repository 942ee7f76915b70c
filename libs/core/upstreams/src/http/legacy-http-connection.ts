import { memberOf, notificationText, type RpcMessage, stringMember } from '@omni/jsonrpc';
import {
  type CallHandler,
  callParams,
  IGNORED,
  internalCall,
  refusedCall,
  type RunningCall,
  type UpstreamCall,
} from '@omni/model';
import { type CancelTimer, GatewayError } from '@omni/ports';
import { UnaddressedMessages } from '../connection/unaddressed-messages.ts';
import { CallTable } from '../connection/call-table.ts';
import { ConnectFailures } from './connect-failures.ts';
import { postHeaders, streamHeaders, type RequestHeaders } from './http-headers.ts';
import { LegacyEventStream } from './legacy-event-stream.ts';
import { type CallEnd, LegacyHttpCall, type LegacyCallOwner } from './legacy-http-call.ts';
import {
  initializeHttp,
  sessionHeaders,
  type HttpTarget,
  type LegacyHttpSession,
} from './legacy-http-session.ts';
import { changedList, isAboutTask, ownIdAt } from '../connection/mcp-notification.ts';
import { OwnPosts } from './own-posts.ts';
import { promisesListChanged } from '../connection/mcp-revision.ts';
import { spliceMessage } from '../connection/message-splice.ts';
import {
  LIST_KINDS,
  type ConnectionCounters,
  type ConnectionOptions,
  type ListKind,
  type OpenConnection,
} from '../connection/open-connection.ts';
import { Backoff } from '../connection/backoff.ts';
import { endSession } from '../http-sessions/end-session.ts';
import { resolveDoubt } from '../http-sessions/session-doubt.ts';
import { safeExcerpt } from '../connection/safe-excerpt.ts';
import { ServerRequests } from '../connection/server-requests.ts';
import { stoppedError } from '../connection/stopped-error.ts';
import { StagedConnection } from '../connection/staged-connection.ts';

export interface LegacyHttpConnectionOptions extends ConnectionOptions, HttpTarget {
  /** What {@link initializeHttp} led to. */
  readonly session: LegacyHttpSession;
}

/**
 * An upstream that loses a new session sooner than this may lose each; calls wait for the next one, so that
 * the pause is short.
 */
const FLEETING_MS = 1_000;
const RENEWAL_PAUSE_MS = 500;
/** Pause between two looks whether a session is lost in a way that the specification does not know. */
const TRUST_MS = 10_000;
const SET_LEVEL = 'logging/setLevel';
const SUBSCRIBE = 'resources/subscribe';

/**
 * Calls to an HTTP upstream of the legacy era, in one session that is renewed when the upstream loses it.
 *
 * @see MCP 2025-11-25, basic/transports, "Streamable HTTP".
 */
export class LegacyHttpConnection extends StagedConnection implements OpenConnection, LegacyCallOwner {
  readonly era = 'legacy';
  readonly keepsClientId = false;
  readonly boundTo = undefined;
  readonly counters: ConnectionCounters = {
    framingError: 0,
    strayAnswers: 0,
    droppedNotifications: 0,
    refusedRequests: 0,
  };
  readonly #options: LegacyHttpConnectionOptions;
  /** Id 1 is `initialize`. */
  readonly #calls = new CallTable<LegacyHttpCall>(2);
  readonly #unaddressed: UnaddressedMessages;
  readonly #serverRequests: ServerRequests;
  readonly #posts: OwnPosts;
  #hasDroppedReplies = false;
  readonly #connectFailures = new ConnectFailures();
  #session: LegacyHttpSession;
  #headers: RequestHeaders;
  #streamHeaders: RequestHeaders;
  #stream: LegacyEventStream | undefined;
  /** Parameters of the last `logging/setLevel`, which belongs to the session upstream. */
  #logLevel: string | undefined;
  /** Calls that wait for a new session, while one is being opened. */
  #waiting: LegacyHttpCall[] | undefined;
  /** Of what leads to the new session: a pause, then the handshake. */
  #abortRenewal: (() => void) | undefined;
  /** Calls that wait for what becomes of a doubt, while there is one. */
  #doubters: ((next: LegacyHttpSession | undefined) => void)[] | undefined;
  #abortDoubt: (() => void) | undefined;
  /** Until then the session is not doubted again. */
  #trustedUntilMs = 0;
  readonly #relists: Backoff;
  #cancelRelist: CancelTimer | undefined;
  /** When the session was opened, unless it is the first. */
  #renewedAtMs: number | undefined;
  #onTaskNotice: ((notification: RpcMessage) => void) | undefined;
  /** Whether the server has asked something on the stream that belongs to no request. */
  #asksOutsideOfCalls = false;
  #ended: GatewayError | undefined;

  constructor(options: LegacyHttpConnectionOptions) {
    super(options, 'legacy');
    this.#options = options;
    this.#session = options.session;
    this.#headers = this.#postHeadersOf(options.session);
    this.#streamHeaders = this.#streamHeadersOf(options.session);
    this.#unaddressed = new UnaddressedMessages(options.context.clock);
    this.#relists = new Backoff(options.context.random);
    this.#posts = new OwnPosts({
      http: options.http,
      url: options.url,
      upstream: options.spec.name,
      clock: options.context.clock,
      onDropped: () => this.#onReplyDropped(),
      onOverflow: (error) => this.#overflow(error),
    });
    this.#serverRequests = new ServerRequests({
      answer: (text) => this.#posts.tell(text, this.#headers),
      reply: (text) => this.#posts.reply(text, this.#headers),
      maxOpen: options.context.limits.maxServerRequests,
      roots: options.spec.roots,
    });
    this.#enter(options.session);
  }

  get handshake(): RpcMessage {
    return this.#session.handshake;
  }

  protected override get running(): number {
    return this.#calls.size;
  }

  get isHeldUp(): boolean {
    return this.#asksOutsideOfCalls && this.#serverRequests.size > 0;
  }

  get headers(): RequestHeaders {
    return this.#headers;
  }

  get streamHeaders(): RequestHeaders {
    return this.#streamHeaders;
  }

  protected override sendRaw(call: UpstreamCall, listener: CallHandler): RunningCall {
    if (this.#ended !== undefined) return refusedCall(listener, this.#ended);
    if (call.method === SET_LEVEL) this.#logLevel = callParams(call);
    const running = new LegacyHttpCall({
      connection: this,
      connectionOptions: this.#options,
      id: this.#calls.nextId(),
      call,
      listener,
    });
    this.#calls.add(running);
    // An update that is sent while nobody listens yet would be lost.
    if (call.method === SUBSCRIBE && this.#waiting === undefined)
      this.#stream?.whenSettled(() => this.#transmit(running));
    else this.#transmit(running);
    return running;
  }

  notify(method: string, params: string): void {
    if (this.#ended === undefined) this.#posts.tell(notificationText(method, params), this.#headers);
  }

  hearTasks(listener: (notification: RpcMessage) => void): void {
    this.#onTaskNotice = listener;
  }

  renewStreams(): void {
    this.#stream?.reopen();
  }

  async close(reason = stoppedError(this.upstream)): Promise<void> {
    const isFirst = this.#ended === undefined;
    this.#leave(reason);
    if (isFirst && this.#session.id !== undefined) await this.#endSession(this.#session);
  }

  onCallNotification(call: LegacyHttpCall, message: RpcMessage): void {
    if (message.method === 'notifications/cancelled') this.#withdraw(message);
    else if (message.method === 'notifications/progress') this.#onProgress(message);
    else if (!this.#isAboutCapabilities(message)) call.notify(message);
  }

  onCallRequest(call: LegacyHttpCall, message: RpcMessage): void {
    if (this.#serverRequests.answerOwn(message)) return;
    if (!this.#serverRequests.put(message, call, (answer, signal) => call.ask(message, answer, signal)))
      this.counters.refusedRequests++;
  }

  onStrayAnswer(): void {
    this.counters.strayAnswers++;
  }

  onFramingError(): void {
    this.counters.framingError++;
  }

  onSessionLost(lost: LegacyHttpSession, call: LegacyHttpCall): void {
    if (this.#ended !== undefined) return call.fail(this.#ended);
    if (this.#waiting !== undefined) this.#waiting.push(call);
    else if (lost === this.#session) this.#renew([call]);
    else call.transmit(this.#session);
  }

  onSessionDoubted(doubted: LegacyHttpSession, done: (next: LegacyHttpSession | undefined) => void): void {
    const now = this.#options.context.clock.monotonicMs();
    if (this.#ended !== undefined || this.#waiting !== undefined) return done(undefined);
    if (doubted !== this.#session) return done(this.#session);
    if (this.#doubters !== undefined) return void this.#doubters.push(done);
    // guard: http/doubts-rate
    if (now < this.#trustedUntilMs) return done(undefined);
    this.#trustedUntilMs = now + TRUST_MS;
    const doubters = [done];
    this.#doubters = doubters;
    this.#abortDoubt = resolveDoubt(
      this.#options,
      doubted,
      (unneeded) => void this.#endSession(unneeded),
      (outcome) => {
        this.#endDoubt();
        if (outcome instanceof GatewayError) this.#break(outcome);
        else if (outcome !== undefined) this.#onRenewed(outcome, this.#relistDelayMs(), []);
        for (const tell of doubters) tell(outcome instanceof GatewayError ? undefined : outcome);
      },
    );
  }

  onOver(call: LegacyHttpCall, end: CallEnd): void {
    this.#calls.delete(call.id);
    this.#unaddressed.onEnd(call, end === 'answered' ? this.heardAtMs : undefined);
    this.#serverRequests.endOf(call);
    const failure = end instanceof GatewayError ? end : undefined;
    if (this.#ended !== undefined || !this.#connectFailures.isTooMuch(failure) || failure === undefined)
      return;
    this.#break(failure);
  }

  #transmit(call: LegacyHttpCall): void {
    if (this.#ended !== undefined) call.fail(this.#ended);
    else if (this.#waiting === undefined) call.transmit(this.#session);
    else this.#waiting.push(call);
  }

  #enter(session: LegacyHttpSession): void {
    this.#session = session;
    this.#headers = this.#postHeadersOf(session);
    this.#streamHeaders = this.#streamHeadersOf(session);
    this.#stream?.close();
    this.#stream = new LegacyEventStream({
      target: this.#options,
      session,
      headers: this.streamHeaders,
      onMessage: (message) => {
        this.heard();
        this.#onUnaddressed(message);
      },
      onFramingError: () => this.onFramingError(),
      // What was declared changed while nobody listened was not told.
      onMissed: () => this.#relist(LIST_KINDS.filter((kind) => promisesListChanged(this.handshake, kind))),
      onSessionLost: () => this.#renew([]),
      onSessionDoubted: () => this.onSessionDoubted(session, () => {}),
    });
    this.#stream.open();
  }

  #postHeadersOf(session: LegacyHttpSession): RequestHeaders {
    return postHeaders(this.#options.credentials, session.version, ...sessionHeaders(session));
  }

  #streamHeadersOf(session: LegacyHttpSession): RequestHeaders {
    return streamHeaders(this.#options.credentials, session.version, ...sessionHeaders(session));
  }

  /** @param waiting - Calls that wait for the new session; more may join them. */
  #renew(waiting: LegacyHttpCall[]): void {
    this.#waiting = waiting;
    this.#stream?.close();
    this.#serverRequests.clear();
    this.#posts.clear();
    // It is certain now.
    for (const tell of this.#endDoubt()) tell(undefined);
    const isFleeting = this.#livedMs < FLEETING_MS;
    const relistMs = this.#relistDelayMs();
    if (/* guard: http/renewals */ !isFleeting) this.#initialize(relistMs);
    else
      this.#abortRenewal = this.#options.context.clock.after(RENEWAL_PAUSE_MS, () =>
        this.#initialize(relistMs),
      );
  }

  /** Since the session was renewed last. */
  get #livedMs(): number {
    const { clock } = this.#options.context;
    return this.#renewedAtMs === undefined
      ? Number.POSITIVE_INFINITY
      : clock.monotonicMs() - this.#renewedAtMs;
  }

  #relistDelayMs(): number {
    return this.#relists.nextDelayMs(this.#livedMs);
  }

  /** @returns Those who waited for what becomes of it. */
  #endDoubt(): readonly ((next: LegacyHttpSession | undefined) => void)[] {
    const doubters = this.#doubters ?? [];
    this.#abortDoubt?.();
    this.#abortDoubt = undefined;
    this.#doubters = undefined;
    return doubters;
  }

  /**
   * @param relistMs - When the lists are read again: each reading may lose an upstream like this its next
   * session.
   */
  #initialize(relistMs: number): void {
    const { spec, context } = this.#options;
    this.#abortRenewal = initializeHttp(this.#options, (result) => {
      this.#abortRenewal = undefined;
      if (result instanceof GatewayError) {
        // It may be a server of the other era by now.
        context.eras.forget(spec);
        return this.#break(result);
      }
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      this.#onRenewed(result, relistMs, waiting);
    });
  }

  #onReplyDropped(): void {
    if (this.#hasDroppedReplies) return;
    this.#hasDroppedReplies = true;
    this.#options.context.logger.warn(
      { upstream: this.upstream },
      'a server asks faster than it takes the answers, so that some of its requests stay unanswered',
    );
  }

  #overflow(reason: GatewayError): void {
    if (this.#ended === undefined) this.#break(reason);
  }

  /** @param waiting - Calls that are sent in the new session. */
  #onRenewed(session: LegacyHttpSession, relistMs: number, waiting: readonly LegacyHttpCall[]): void {
    const { clock } = this.#options.context;
    this.#renewedAtMs = clock.monotonicMs();
    this.#cancelRelist?.();
    this.#cancelRelist = clock.after(/* guard: http/relists */ relistMs, () => this.#relist(LIST_KINDS));
    this.#serverRequests.clear();
    this.#enter(session);
    if (this.#logLevel !== undefined && !waiting.some((call) => call.method === SET_LEVEL))
      this.send(internalCall(SET_LEVEL, this.#logLevel), IGNORED);
    this.#options.events.onReinitialized(this);
    for (const call of waiting) call.transmit(session);
  }

  /** Takes no new calls; what runs elsewhere may still get its answer. */
  #break(reason: GatewayError): void {
    this.#ended = reason;
    const waiting = this.#waiting ?? [];
    this.#quit();
    for (const call of waiting) call.fail(reason);
    this.#options.events.onClosed(this, reason);
  }

  #leave(error: GatewayError): void {
    this.#ended ??= error;
    this.#quit();
    this.#serverRequests.clear();
    for (const call of this.#calls.calls()) call.fail(error);
  }

  /** Nothing is begun any more. */
  #quit(): void {
    this.#abortRenewal?.();
    this.#cancelRelist?.();
    this.#posts.clear();
    for (const tell of this.#endDoubt()) tell(undefined);
    this.#waiting = undefined;
    this.#stream?.close();
  }

  /** A message on the stream that belongs to no request. */
  #onUnaddressed(message: RpcMessage): void {
    switch (message.kind) {
      case 'response':
        this.counters.strayAnswers++;
        return;
      case 'notification':
        if (message.method === 'notifications/cancelled') this.#withdraw(message);
        else if (this.#isAboutCapabilities(message)) return;
        else if (this.isShared && isAboutTask(message.method)) this.#onTaskNotification(message);
        else if (message.method === 'notifications/progress') this.#onProgress(message);
        else this.#onUnaddressedNotification(message);
        return;
      case 'request':
        return this.#onUnaddressedRequest(message);
    }
  }

  /** Many servers send it on the stream that belongs to no request: its token says whose it is. */
  #onProgress(message: RpcMessage): void {
    const token = memberOf(message.params, 'progressToken');
    const id = ownIdAt(message, token);
    const call = id === undefined ? undefined : this.#calls.get(id);
    const clientToken = call?.clientToken;
    if (call === undefined || token === undefined || clientToken === undefined)
      this.counters.droppedNotifications++;
    else call.notify(spliceMessage(message, token, clientToken));
  }

  /**
   * A task outlives the call that has started it, so that the call that runs says nothing about whose it is.
   */
  #onTaskNotification(message: RpcMessage): void {
    if (this.#onTaskNotice === undefined) this.counters.droppedNotifications++;
    else this.#onTaskNotice(message);
  }

  /** Log messages above all: many servers send all of theirs on the stream that belongs to no request. */
  #onUnaddressedNotification(message: RpcMessage): void {
    const only = this.isShared ? this.#onlyRunning() : undefined;
    if (only !== undefined) only.notify(message);
    else if (this.binding !== undefined) this.binding.onNotification(this.upstream, message);
    else this.counters.droppedNotifications++;
  }

  /** The call of a client that something without an address must belong to. */
  #onlyRunning(): LegacyHttpCall | undefined {
    return this.#unaddressed.addresseeAmong(
      this.#calls.calls().filter(({ callerKey }) => callerKey !== undefined),
    );
  }

  #onUnaddressedRequest(message: RpcMessage): void {
    const { binding } = this;
    if (this.#serverRequests.answerOwn(message)) return;
    // Who shares the instance can only be asked during a call.
    const only = binding?.isShared === true ? this.#onlyRunning() : undefined;
    if (only !== undefined) {
      this.#asksOutsideOfCalls = true;
      return this.onCallRequest(only, message);
    }
    let isPut = false;
    // guard: asked/shared-http
    if (binding === undefined) {
      const method = safeExcerpt(message.method, []);
      this.#serverRequests.refuse(
        message.id,
        new GatewayError('OMNI_METHOD_UNKNOWN', `"${method}" is not available on a shared connection`),
      );
    } else
      isPut = this.#serverRequests.put(message, undefined, (answer, signal) =>
        binding.onServerRequest(this.upstream, message, answer, signal),
      );
    if (!isPut) this.counters.refusedRequests++;
  }

  /** Lists and resources: whoever watches them is told. @returns Whether the notification was about them. */
  #isAboutCapabilities(message: RpcMessage): boolean {
    const { events } = this.#options;
    const kind = changedList(message.method);
    if (kind !== undefined) {
      events.onListsChanged(this, kind);
      return true;
    }
    if (message.method !== 'notifications/resources/updated') return false;
    const uri = stringMember(message.text, message.params, 'uri');
    if (uri !== undefined && events.onResourceUpdated(this, uri, message)) return true;
    if (this.binding !== undefined) this.binding.onNotification(this.upstream, message);
    else this.counters.droppedNotifications++;
    return true;
  }

  #relist(kinds: readonly ListKind[]): void {
    for (const kind of kinds) this.#options.events.onListsChanged(this, kind);
  }

  #withdraw(message: RpcMessage): void {
    const requestId = memberOf(message.params, 'requestId');
    if (requestId !== undefined)
      this.#serverRequests.withdraw(
        message.text.slice(requestId.start, requestId.end),
        stringMember(message.text, message.params, 'reason'),
      );
  }

  #endSession(session: LegacyHttpSession): Promise<void> {
    const { http, url, context } = this.#options;
    return endSession({ http, url, headers: this.#streamHeadersOf(session), clock: context.clock });
  }
}
