import { requestText, type RpcMessage } from '@omni/jsonrpc';
import {
  type AnswerServerRequest,
  type CallHandler,
  type CallPhase,
  type ChunkSink,
  mayHaveRun,
  type ResponseHead,
  type RunningCall,
  type UpstreamCall,
} from '@omni/model';
import { type CancelTimer, GatewayError, type HeaderList, type HttpCall, type Principal } from '@omni/ports';
import { startDeadline, timeoutError } from '../connection/call-timeout.ts';
import type { Deadline, DeadlineListener } from '../connection/deadlines.ts';
import { sendAuthorized } from './authorized-exchange.ts';
import { exchangePhase } from './exchange-phase.ts';
import { withForwarded, type RequestHeaders } from './http-headers.ts';
import { HttpMessageReader, type HttpMessageSink, type PassingSink } from './http-message-reader.ts';
import { ownId } from '../connection/mcp-notification.ts';
import type { HttpTarget, LegacyHttpSession } from './legacy-http-session.ts';
import type { ConnectionOptions } from '../connection/open-connection.ts';
import { clientTokenOf, paramsWithOwnToken } from '../connection/own-token.ts';
import type { AskingCall } from '../connection/server-requests.ts';
import { checkSession, mayMeanLostSession, UNKNOWN_SESSION } from '../http-sessions/session-check.ts';
import { isDoubtfulAnswer, isDoubtfulStatus, isSafe } from '../http-sessions/session-doubt.ts';
import { SlowReader } from './slow-reader.ts';
import { StreamTail } from './stream-tail.ts';

/** Attempts to continue a broken stream that the upstream does not let through, one after another. */
const MAX_RESUMES = 5;
const DEFAULT_RETRY_MS = 1_000;
/** A stream may ask for no pause at all, or for one that nobody waits for. */
const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 30_000;

/** How a call ended: the failure where there was one; `given-up` when its client or its time ended it. */
export type CallEnd = 'answered' | 'given-up' | GatewayError;

/** The connection that a call runs on. */
export interface LegacyCallOwner {
  /** Headers of a POST in the current session. */
  readonly headers: RequestHeaders;
  /** Headers of a GET in the current session. */
  readonly streamHeaders: RequestHeaders;
  onCallNotification(call: LegacyHttpCall, message: RpcMessage): void;
  onCallRequest(call: LegacyHttpCall, message: RpcMessage): void;
  onStrayAnswer(): void;
  onFramingError(): void;
  /** The upstream does not know the session: the call wants to be sent again in a new one. */
  onSessionLost(lost: LegacyHttpSession, call: LegacyHttpCall): void;
  /**
   * The upstream has said something by which some tell that a session is lost.
   *
   * @param done - Told the session to go on in; `undefined` when there is no other.
   */
  onSessionDoubted(doubted: LegacyHttpSession, done: (next: LegacyHttpSession | undefined) => void): void;
  onOver(call: LegacyHttpCall, end: CallEnd): void;
  heard(): void;
  notify(method: string, params: string): void;
}

export interface LegacyHttpCallOptions {
  readonly connection: LegacyCallOwner;
  readonly connectionOptions: ConnectionOptions & HttpTarget;
  readonly id: number;
  readonly call: UpstreamCall;
  readonly listener: CallHandler;
}

/** One request to a legacy HTTP upstream: a POST, and GETs that continue its stream when it breaks. */
export class LegacyHttpCall
  implements RunningCall, AskingCall, HttpMessageSink, PassingSink, DeadlineListener
{
  readonly id: number;
  readonly #options: LegacyHttpCallOptions;
  readonly #deadline: Deadline | undefined;
  #reader: HttpMessageReader | undefined;
  #http: HttpCall | undefined;
  /** The session that the request went to; `undefined` while it waits for one. */
  #session: LegacyHttpSession | undefined;
  /** It was asked for, or found gone, once: a call is not sent for a third time. */
  #isSessionSettled = false;
  #lastEventId = '';
  #resumes = 0;
  #retryMs = DEFAULT_RETRY_MS;
  /** What comes between two exchanges: a pause, or the question whether the session is still known. */
  #cancelBetween: CancelTimer | undefined;
  #tail: StreamTail | undefined;
  #chunks: ChunkSink | undefined;
  /**
   * What is left of the beginning of an answer that goes on while it comes: it has the id of this connection.
   */
  #headBytes = 0;
  #slow: SlowReader | undefined;
  #phase: CallPhase = 'not-sent';
  #isOver = false;

  constructor(options: LegacyHttpCallOptions) {
    this.#options = options;
    this.id = options.id;
    const { spec, context } = options.connectionOptions;
    this.#deadline = startDeadline(options.call.method, spec, context.deadlines, this);
  }

  get method(): string {
    return this.#options.call.method;
  }

  get callerKey(): string | undefined {
    return this.#options.call.callerKey;
  }

  get caller(): Principal | undefined {
    return this.#options.call.caller;
  }

  /** The client's progress token as JSON. */
  get clientToken(): string | undefined {
    return clientTokenOf(this.#options.call);
  }

  /** Sends the request to a session; not for the second time unless the first session did not exist. */
  transmit(session: LegacyHttpSession): void {
    if (this.#isOver) return;
    const { connection, connectionOptions, call } = this.#options;
    this.#session = session;
    this.#phase = 'sent';
    this.#reader = this.#newReader();
    const body = requestText(String(this.id), call.method, paramsWithOwnToken(call, this.id));
    const { http, url } = connectionOptions;
    const headers = withForwarded(connection.headers.list, call.forwardedHeaders);
    this.#http = sendAuthorized(
      http,
      connection.headers,
      { method: 'POST', url, headers, body },
      this.#reader,
      call.forwardedHeaders,
    );
  }

  cancel(reason?: string): void {
    if (!this.#isOver) this.#abandon(reason);
  }

  onDeadline(kind: 'idle' | 'total'): void {
    if (this.#isOver) return;
    const { connectionOptions, call, listener } = this.#options;
    this.#abandon('timeout');
    listener.onFailure(timeoutError(call.method, connectionOptions.spec, kind), this.#phase);
  }

  onServerRequest(): void {
    this.#deadline?.hold();
  }

  onServerRequestAnswered(): void {
    this.#deadline?.release();
  }

  ask(message: RpcMessage, answer: AnswerServerRequest, signal: AbortSignal): void {
    this.#options.listener.onServerRequest(message, answer, signal);
  }

  notify(message: RpcMessage): void {
    this.#deadline?.touch();
    const { listener } = this.#options;
    if (!listener.onNotification(message)) this.#holdBack();
  }

  #holdBack(): void {
    if (this.#isOver) return;
    this.#slow ??= new SlowReader(this.#options.listener, this.#deadline);
    this.#slow.hold(this.#http);
  }

  /** The connection is closed, or has no session any more. */
  fail(error: GatewayError): void {
    if (this.#isOver) return;
    this.#finish(error);
    this.#options.listener.onFailure(error, exchangePhase(error, this.#phase));
  }

  onHead(status: number, _headers: HeaderList): boolean {
    this.#options.connection.heard();
    this.#phase = 'head-received';
    // A server may well let a stream be continued again and again, for as long as the call takes.
    if (status === 200) this.#resumes = 0;
    return true;
  }

  onMessage(message: RpcMessage, status: number): void {
    const { connection } = this.#options;
    connection.heard();
    if (this.#isOver) return;
    if (message.kind === 'notification') return connection.onCallNotification(this, message);
    if (message.kind === 'request') return connection.onCallRequest(this, message);
    const isNamed = ownId(message.id) === this.id;
    // guard: answer/legacy-id
    if (!isNamed && this.#reader?.isAboutRequest(message) !== true) return connection.onStrayAnswer();
    if (message.error === undefined) return this.#answer(message, status);
    const answer = (): void => this.#answer(message, status);
    const isAboutSession = mayMeanLostSession(message, isNamed);
    if (this.#mayBeRefused(status) && (isAboutSession || status === 404))
      this.#onRefused(status, isAboutSession, answer);
    else if (isDoubtfulAnswer(message)) this.#onDoubtful(answer);
    else answer();
  }

  get passingId(): string | undefined {
    return this.#options.call.allowPassthrough ? String(this.id) : undefined;
  }

  onFlow(): void {
    this.#options.connection.heard();
    this.#deadline?.touch();
  }

  onResponseHead({ status, length, isError, isKept }: ResponseHead): boolean {
    const { call, listener } = this.#options;
    this.#chunks = this.#isOver ? undefined : listener.chunks;
    if (this.#chunks === undefined) return false;
    const [own, theirs] = [beginning(String(this.id)), beginning(call.clientId)];
    this.#headBytes = own.byteLength;
    this.#chunks.onResponseHead({
      status,
      length: length === undefined ? undefined : length - own.byteLength + theirs.byteLength,
      isError,
      isKept,
    });
    this.#chunks.onChunk(theirs);
    return true;
  }

  onChunk(bytes: Uint8Array): void {
    const rest = this.#headBytes === 0 ? bytes : bytes.subarray(this.#headBytes);
    this.#headBytes = 0;
    if (this.#chunks?.onChunk(rest) === false) this.#holdBack();
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#end('answered');
    this.#chunks?.onResponseEnd();
  }

  onFramingError(): void {
    this.#options.connection.onFramingError();
  }

  onEnd(): void {
    this.#tail?.end();
    if (this.#isOver) return;
    const { name } = this.#options.connectionOptions.spec;
    if (this.#reader?.isStream !== true) {
      return this.fail(new GatewayError('OMNI_UPSTREAM_PROTOCOL', `"${name}" answered a different request`));
    }
    this.#resumeOr(
      new GatewayError('OMNI_UPSTREAM_UNREACHABLE', `"${name}" ended the stream before its answer`, {
        data: { phase: 'body' },
      }),
    );
  }

  onFailure(error: GatewayError): void {
    this.#tail?.end();
    if (this.#isOver) return;
    const status = error.data?.['status'];
    if (this.#mayBeRefused(status)) this.#onRefused(status, true, () => this.fail(error));
    else if (isInterruption(error) && this.#canResume()) this.#resumeOr(error);
    else if (isDoubtfulStatus(status)) this.#onDoubtful(() => this.fail(error));
    else this.fail(error);
  }

  #canResume(): boolean {
    return (
      this.#chunks === undefined && (this.#lastEventId !== '' || (this.#reader?.lastEventId ?? '') !== '')
    );
  }

  #answer(message: RpcMessage, status: number): void {
    const { connectionOptions, listener } = this.#options;
    if (this.#reader?.isStream === true)
      this.#tail = new StreamTail(this.#http, this.#reader, connectionOptions.context.deadlines);
    else this.#reader?.stop();
    this.#end('answered');
    listener.onAnswer({ kind: 'message', message, status });
  }

  /**
   * Whether a status may say that the session is not known; then the call has not run. What has begun is
   * never sent again.
   */
  #mayBeRefused(status: unknown): boolean {
    return (
      /* guard: http/sent-twice */ UNKNOWN_SESSION.has(status) &&
      this.#session !== undefined &&
      /* guard: http/third-time */ !this.#isSessionSettled &&
      /* guard: http/resumed-twice */ this.#lastEventId === ''
    );
  }

  /**
   * @param isAboutSession - Whether what came with the status can be about the session. With 404 it is then,
   * by the specification.
   * @param stands - The session is known: what the upstream said is about the call.
   */
  #onRefused(status: unknown, isAboutSession: boolean, stands: () => void): void {
    const session = this.#session;
    if (session === undefined || (status === 404 ? session.id === undefined : !isAboutSession))
      return stands();
    this.#isSessionSettled = true;
    this.#reader?.stop();
    this.#http?.abort();
    if (status === 404 && isAboutSession) this.#loseSession(session);
    else
      this.#cancelBetween = checkSession(this.#options.connectionOptions, session, (isLost) =>
        /* guard: http/session-stands */ isLost ? this.#loseSession(session) : stands(),
      );
  }

  /**
   * @param tell - Ends the call as the upstream has answered it, which it does at once where it may have run.
   */
  #onDoubtful(tell: () => void): void {
    const session = this.#session;
    const { connection, call } = this.#options;
    if (session?.id === undefined || this.#lastEventId !== '') return tell();
    if (this.#isSessionSettled || !isSafe(call.method)) {
      tell();
      return connection.onSessionDoubted(session, () => {});
    }
    this.#isSessionSettled = true;
    this.#reader?.stop();
    this.#http?.abort();
    connection.onSessionDoubted(session, (next) => {
      if (this.#isOver) return;
      if (next === undefined) return tell();
      this.transmit(next);
    });
  }

  #loseSession(session: LegacyHttpSession): void {
    this.#session = undefined;
    // It was turned away before anything ran.
    this.#phase = 'not-sent';
    this.#options.connection.onSessionLost(session, this);
  }

  /** @see MCP 2025-11-25, basic/transports, "Resumability and Redelivery". */
  #resumeOr(error: GatewayError): void {
    const seen = this.#reader?.lastEventId ?? '';
    if (seen !== '') this.#lastEventId = seen;
    if (this.#lastEventId === '' || /* guard: http/resumes */ this.#resumes >= MAX_RESUMES)
      return this.fail(this.#lastEventId === '' ? error : mayHaveRun(error));
    this.#resumes++;
    const { clock } = this.#options.connectionOptions.context;
    // It holds until the upstream names another one.
    this.#retryMs = /* guard: http/retry */ Math.min(
      Math.max(this.#reader?.retryMs ?? this.#retryMs, MIN_RETRY_MS),
      MAX_RETRY_MS,
    );
    this.#cancelBetween = clock.after(this.#retryMs, () => this.#resume());
  }

  #resume(): void {
    const { connection, connectionOptions, call } = this.#options;
    const { http, url } = connectionOptions;
    this.#reader = this.#newReader();
    const own = connection.streamHeaders.list.concat('last-event-id', this.#lastEventId);
    const headers = withForwarded(own, call.forwardedHeaders);
    this.#http = sendAuthorized(
      http,
      connection.streamHeaders,
      { method: 'GET', url, headers },
      this.#reader,
      call.forwardedHeaders,
    );
    this.#slow?.moveTo(this.#http);
  }

  #newReader(): HttpMessageReader {
    const { connectionOptions } = this.#options;
    return new HttpMessageReader({
      credentials: connectionOptions.credentials,
      context: connectionOptions.context,
      sink: this,
      passing: this,
    });
  }

  /** In this era a closed stream is no cancellation, so the upstream is told. */
  #abandon(reason: string | undefined): void {
    const wasSent = this.#session !== undefined;
    this.#finish('given-up');
    if (!wasSent) return;
    const why = reason === undefined ? '' : `,"reason":${JSON.stringify(reason)}`;
    this.#options.connection.notify('notifications/cancelled', `{"requestId":${this.id}${why}}`);
  }

  #finish(end: CallEnd): void {
    this.#cancelBetween?.();
    this.#reader?.stop();
    this.#http?.abort();
    this.#end(end);
  }

  #end(end: CallEnd): void {
    this.#isOver = true;
    this.#deadline?.stop();
    this.#slow?.end();
    this.#options.connection.onOver(this, end);
  }
}

/** How an answer begins that can go on while it comes. @param id - As JSON. */
function beginning(id: string): Uint8Array {
  return new TextEncoder().encode(`{"jsonrpc":"2.0","id":${id},`);
}

/** Whether the exchange broke off, so that its stream may go on elsewhere. */
function isInterruption(error: GatewayError): boolean {
  if (error.code === 'OMNI_UPSTREAM_UNREACHABLE') return true;
  const status = error.data?.['status'];
  // 409: it has not noticed yet that the stream broke.
  return (
    error.code === 'OMNI_UPSTREAM_HTTP_STATUS' &&
    typeof status === 'number' &&
    (status >= 500 || status === 409 || status === 429)
  );
}
