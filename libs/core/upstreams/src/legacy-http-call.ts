import { GatewayError, type CancelTimer, type HeaderList, type HttpCall } from '@omni/ports';
import {
  callParams,
  requestText,
  type AnswerServerRequest,
  type CallListener,
  type PassedHead,
  type PieceSink,
  type Place,
  type RpcMessage,
  type RunningCall,
  type UpstreamCall,
} from '@omni/wire';
import { startDeadline, timeoutError } from './call-timeout.ts';
import type { Deadline, DeadlineListener } from './deadlines.ts';
import { HttpMessageReader, type HttpMessageSink, type PassingSink } from './http-message-reader.ts';
import { ownId } from './mcp-notification.ts';
import type { HttpTarget, LegacyHttpSession } from './legacy-http-session.ts';
import type { LinkOptions } from './open-link.ts';
import type { AskingCall } from './server-requests.ts';
import { StreamTail } from './stream-tail.ts';

/** Attempts to continue a broken stream without a new event in between. */
const MAX_RESUMES = 5;
const DEFAULT_RETRY_MS = 1_000;
/** A stream may ask for no pause at all, or for one that nobody waits for. */
const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 30_000;

/** The link that a call runs on. */
export interface LegacyCallOwner {
  /** Headers of a POST in the current session. */
  readonly headers: readonly string[];
  /** Headers of a GET in the current session. */
  readonly streamHeaders: readonly string[];
  onCallNotification(call: LegacyHttpCall, message: RpcMessage): void;
  onCallRequest(call: LegacyHttpCall, message: RpcMessage): void;
  onStrayAnswer(): void;
  onGarbage(): void;
  /** The upstream does not know the session: the call wants to be sent again in a new one. */
  onSessionLost(lost: LegacyHttpSession, call: LegacyHttpCall): void;
  /** The call is over, with the failure that ended it if there was one. */
  onOver(call: LegacyHttpCall, failure: GatewayError | undefined): void;
  notify(method: string, params: string): void;
}

export interface LegacyHttpCallOptions {
  readonly link: LegacyCallOwner;
  readonly linkOptions: LinkOptions & HttpTarget;
  readonly id: number;
  readonly call: UpstreamCall;
  readonly listener: CallListener;
}

/** One request to a legacy HTTP upstream: a POST, and GETs that continue its stream when it breaks. */
export class LegacyHttpCall implements RunningCall, AskingCall, HttpMessageSink, PassingSink, DeadlineListener {
  readonly id: number;
  /** Among the running calls of its link. */
  place: Place<LegacyHttpCall> | undefined;
  readonly #options: LegacyHttpCallOptions;
  readonly #deadline: Deadline | undefined;
  #reader: HttpMessageReader | undefined;
  #http: HttpCall | undefined;
  /** The session that the request went to; `undefined` while it waits for one. */
  #session: LegacyHttpSession | undefined;
  #hasLostSession = false;
  #lastEventId = '';
  #resumes = 0;
  #cancelResume: CancelTimer | undefined;
  #tail: StreamTail | undefined;
  #pieces: PieceSink | undefined;
  /** What is left of the beginning of an answer that goes on while it comes: it has the id of this link. */
  #headBytes = 0;
  #isPaused = false;
  #isOver = false;

  constructor(options: LegacyHttpCallOptions) {
    this.#options = options;
    this.id = options.id;
    const { spec, context } = options.linkOptions;
    this.#deadline = startDeadline(options.call.method, spec, context.deadlines, this);
  }

  get method(): string {
    return this.#options.call.method;
  }

  get asker(): string | undefined {
    return this.#options.call.asker;
  }

  /** Sends the request to a session; not for the second time unless the first session did not exist. */
  transmit(session: LegacyHttpSession): void {
    if (this.#isOver) return;
    const { link, linkOptions, call } = this.#options;
    this.#session = session;
    this.#reader = this.#newReader();
    const body = requestText(String(this.id), call.method, callParams(call));
    const headers = this.#withPassed(link.headers);
    this.#http = linkOptions.http.send({ method: 'POST', url: linkOptions.url, headers, body }, this.#reader);
  }

  cancel(reason?: string): void {
    if (!this.#isOver) this.#abandon(reason);
  }

  onDeadline(kind: 'idle' | 'total'): void {
    if (this.#isOver) return;
    const { linkOptions, call, listener } = this.#options;
    this.#abandon('timeout');
    listener.onFailure(timeoutError(call.method, linkOptions.spec, kind));
  }

  onQuestion(): void {
    this.#deadline?.hold();
  }

  onQuestionAnswered(): void {
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
    if (this.#isPaused || this.#isOver) return;
    this.#isPaused = true;
    this.#http?.pause();
    this.#deadline?.hold();
    this.#options.listener.onDrain(() => {
      this.#isPaused = false;
      if (this.#isOver) return;
      this.#deadline?.release();
      this.#http?.resume();
    });
  }

  /** The link is closed, or has no session any more. */
  fail(error: GatewayError): void {
    if (this.#isOver) return;
    this.#finish(error);
    this.#options.listener.onFailure(error);
  }

  onHead(status: number, _headers: HeaderList): boolean {
    if (status !== 404 || this.#session?.id === undefined || this.#hasLostSession || this.#lastEventId !== '') return true;
    // The upstream does not know the session, so it has not run the request.
    this.#hasLostSession = true;
    this.#http?.abort();
    const lost = this.#session;
    this.#session = undefined;
    this.#options.link.onSessionLost(lost, this);
    return false;
  }

  onMessage(message: RpcMessage, status: number): void {
    if (this.#isOver) return;
    const { link, listener } = this.#options;
    if (message.kind === 'notification') return link.onCallNotification(this, message);
    if (message.kind === 'request') return link.onCallRequest(this, message);
    const isError = message.id === 'null' && this.#reader?.isStream === false;
    if (ownId(message.id) !== this.id && !isError) return link.onStrayAnswer();
    this.#isOver = true;
    this.#deadline?.stop();
    if (this.#reader?.isStream === true) {
      if (this.#isPaused) this.#http?.resume();
      this.#tail = new StreamTail(this.#http, this.#reader, this.#options.linkOptions.context.deadlines);
    } else this.#reader?.stop();
    link.onOver(this, undefined);
    listener.onAnswer({ kind: 'message', message, status });
  }

  onBytes(): void {}

  get passingId(): string | undefined {
    return this.#options.call.mayPassBytes ? String(this.id) : undefined;
  }

  onFlow(): void {
    this.#deadline?.touch();
  }

  onPassedHead({ status, length, isError, isKept }: PassedHead): boolean {
    const { call, listener } = this.#options;
    this.#pieces = this.#isOver ? undefined : listener.pieces;
    if (this.#pieces === undefined) return false;
    const [own, theirs] = [beginning(String(this.id)), beginning(call.clientId)];
    this.#headBytes = own.byteLength;
    this.#pieces.onPassedHead({
      status,
      length: length === undefined ? undefined : length - own.byteLength + theirs.byteLength,
      isError,
      isKept,
    });
    this.#pieces.onPiece(theirs);
    return true;
  }

  onPiece(bytes: Uint8Array): void {
    const rest = this.#headBytes === 0 ? bytes : bytes.subarray(this.#headBytes);
    this.#headBytes = 0;
    if (this.#pieces?.onPiece(rest) === false) this.#holdBack();
  }

  onPassedEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadline?.stop();
    this.#options.link.onOver(this, undefined);
    this.#pieces?.onPassedEnd();
  }

  onGarbage(): void {
    this.#options.link.onGarbage();
  }

  onEnd(): void {
    this.#tail?.end();
    if (this.#isOver) return;
    const { name } = this.#options.linkOptions.spec;
    if (this.#reader?.isStream !== true) {
      return this.fail(
        new GatewayError('OMNI_UPSTREAM_PROTOCOL', `"${name}" answered with another message than the one that was asked for`),
      );
    }
    this.#resumeOr(
      new GatewayError('OMNI_UPSTREAM_UNREACHABLE', `"${name}" ended the stream before its answer`, { data: { phase: 'body' } }),
    );
  }

  onFailure(error: GatewayError): void {
    this.#tail?.end();
    if (this.#isOver) return;
    if (isInterruption(error) && this.#pieces === undefined) this.#resumeOr(error);
    else this.fail(error);
  }

  /** @see MCP 2025-11-25, basic/transports, "Resumability and Redelivery". */
  #resumeOr(error: GatewayError): void {
    const seen = this.#reader?.lastEventId ?? '';
    if (seen !== '' && seen !== this.#lastEventId) {
      this.#lastEventId = seen;
      this.#resumes = 0;
    }
    if (this.#lastEventId === '' || this.#resumes >= MAX_RESUMES) return this.fail(error);
    this.#resumes++;
    const { clock } = this.#options.linkOptions.context;
    const retryMs = Math.min(Math.max(this.#reader?.retryMs ?? DEFAULT_RETRY_MS, MIN_RETRY_MS), MAX_RETRY_MS);
    this.#cancelResume = clock.after(retryMs, () => this.#resume());
  }

  #resume(): void {
    const { link, linkOptions } = this.#options;
    this.#reader = this.#newReader();
    const headers = this.#withPassed([...link.streamHeaders, 'last-event-id', this.#lastEventId]);
    this.#http = linkOptions.http.send({ method: 'GET', url: linkOptions.url, headers }, this.#reader);
    if (this.#isPaused) this.#http.pause();
  }

  #withPassed(headers: readonly string[]): readonly string[] {
    const { passedHeaders = [] } = this.#options.call;
    return passedHeaders.length === 0 ? headers : [...headers, ...passedHeaders];
  }

  #newReader(): HttpMessageReader {
    const { linkOptions } = this.#options;
    return new HttpMessageReader({
      spec: linkOptions.spec,
      maxBytes: linkOptions.context.limits.maxUpstreamMessageBytes,
      budget: linkOptions.context.budget,
      sink: this,
      untouchedId: undefined,
      passing: this,
    });
  }

  /** In this era a closed stream is no cancellation, so the upstream is told. */
  #abandon(reason: string | undefined): void {
    const wasSent = this.#session !== undefined;
    this.#finish(undefined);
    if (!wasSent) return;
    const why = reason === undefined ? '' : `,"reason":${JSON.stringify(reason)}`;
    this.#options.link.notify('notifications/cancelled', `{"requestId":${this.id}${why}}`);
  }

  #finish(failure: GatewayError | undefined): void {
    this.#isOver = true;
    this.#deadline?.stop();
    this.#cancelResume?.();
    this.#reader?.stop();
    this.#http?.abort();
    this.#options.link.onOver(this, failure);
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
  return error.code === 'OMNI_UPSTREAM_HTTP_STATUS' && typeof status === 'number' && status >= 500;
}
