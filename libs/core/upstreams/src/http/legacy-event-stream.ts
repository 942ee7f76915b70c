import type { RpcMessage } from '@omni/jsonrpc';
import type { CancelTimer, GatewayError, HeaderList } from '@omni/ports';
import { type AuthorizedCall, sendAuthorized } from './authorized-exchange.ts';
import { bodyKind, type RequestHeaders } from './http-headers.ts';
import { HttpMessageReader, type HttpMessageSink } from './http-message-reader.ts';
import type { HttpTarget, LegacyHttpSession } from './legacy-http-session.ts';
import type { ConnectionOptions } from '../connection/open-connection.ts';
import { Backoff } from '../connection/backoff.ts';
import { checkSession, UNKNOWN_SESSION } from '../http-sessions/session-check.ts';
import { isDoubtfulStatus } from '../http-sessions/session-doubt.ts';

/** A stream may ask for a pause that nobody waits for. */
const MAX_RETRY_MS = 300_000;
/** An upstream may hold back the head of a stream until it has something to say. */
const MAX_OPENING_MS = 1_000;

export interface LegacyEventStreamOptions {
  readonly target: ConnectionOptions & HttpTarget;
  readonly session: LegacyHttpSession;
  readonly headers: RequestHeaders;
  readonly onMessage: (message: RpcMessage) => void;
  readonly onFramingError: () => void;
  /** It was closed for a time, and what would have come then does not come any more. */
  readonly onMissed: () => void;
  /** The upstream does not know the session any more; the stream is over. */
  readonly onSessionLost: () => void;
  /** The upstream has refused the stream in a way by which some tell that a session is lost. */
  readonly onSessionDoubted: () => void;
}

/**
 * The stream on which a legacy HTTP upstream sends what belongs to no request. An upstream that has none is
 * left alone.
 *
 * @see MCP 2025-11-25, basic/transports, "Listening for Messages from the Server".
 */
export class LegacyEventStream implements HttpMessageSink {
  readonly #options: LegacyEventStreamOptions;
  readonly #backoff: Backoff;
  #reader: HttpMessageReader | undefined;
  #http: AuthorizedCall | undefined;
  /** A pause, or the question whether the session is still known. */
  #cancelBetween: CancelTimer | undefined;
  #lastEventId = '';
  /** It holds until the upstream names another one. */
  #retryMs = 0;
  #openedAtMs: number | undefined;
  #wasOpen = false;
  /** The credentials were refused before it was ever open: it is tried again with others. */
  #isRefused = false;
  /** Those who wait for the first attempt to open it; `undefined` when that is over. */
  #onSettled: (() => void)[] | undefined = [];
  #cancelSettling: CancelTimer | undefined;
  #isClosed = false;

  constructor(options: LegacyEventStreamOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.target.context.random);
  }

  open(): void {
    if (this.#isClosed) return;
    this.#isRefused = false;
    const { target, headers } = this.#options;
    const { credentials, context, http, url } = target;
    this.#openedAtMs = undefined;
    this.#reader = new HttpMessageReader({
      credentials,
      context,
      sink: this,
    });
    if (this.#onSettled !== undefined)
      this.#cancelSettling = context.clock.after(MAX_OPENING_MS, () => this.#settle());
    const resume = this.#lastEventId === '' ? [] : ['last-event-id', this.#lastEventId];
    this.#http = sendAuthorized(
      http,
      headers,
      { method: 'GET', url, headers: [...headers.list, ...resume] },
      this.#reader,
    );
  }

  /**
   * Calls back when the upstream has answered the first attempt, or takes long to: what it sends from now on
   * is not lost.
   */
  whenSettled(listener: () => void): void {
    if (this.#onSettled === undefined) listener();
    else this.#onSettled.push(listener);
  }

  /**
   * Goes on in another exchange, behind the last event that came. During a pause there is none that could be
   * left.
   */
  reopen(): void {
    if (this.#isRefused) return this.open();
    // What was refused is sent again by itself: to begin anew would ask for newer credentials without end.
    if (this.#http === undefined || /* guard: credentials/stream-renewing */ this.#http.isRenewing) return;
    this.#reader?.stop();
    this.#http.abort();
    this.#cancelSettling?.();
    this.#keepPlace();
    this.open();
  }

  close(): void {
    this.#isClosed = true;
    this.#settle();
    this.#cancelBetween?.();
    this.#reader?.stop();
    this.#endExchange();
  }

  onHead(status: number, headers: HeaderList): boolean {
    this.#settle();
    if (status >= 400 && status < 500 && status !== 429) {
      this.#onRefused(status);
      return false;
    }
    if (status === 200 && bodyKind(headers) === 'events') this.#onOpen();
    return true;
  }

  onMessage(message: RpcMessage): void {
    this.#options.onMessage(message);
  }

  onFramingError(): void {
    this.#options.onFramingError();
  }

  onEnd(): void {
    this.#endExchange();
    this.#again();
  }

  onFailure(error: GatewayError): void {
    this.#endExchange();
    // A web page, say: there is no such stream here. Where there was one, it will pass.
    if (error.code === 'OMNI_UPSTREAM_PROTOCOL' && !this.#wasOpen) return this.close();
    this.#again();
  }

  #onOpen(): void {
    this.#openedAtMs = this.#options.target.context.clock.monotonicMs();
    if (this.#wasOpen && this.#lastEventId === '') this.#options.onMissed();
    this.#wasOpen = true;
  }

  #onRefused(status: number): void {
    this.#endExchange();
    if (!this.#wasOpen) {
      this.#isRefused = status === 401 || status === 403;
      // Any other upstream has no stream.
      if (!this.#isRefused) this.close();
      return;
    }
    const { target, session, onSessionLost } = this.#options;
    if (session.id === undefined || !UNKNOWN_SESSION.has(status)) {
      this.#again();
      if (isDoubtfulStatus(status)) this.#options.onSessionDoubted();
      return;
    }
    this.#cancelBetween = checkSession(target, session, (isLost) => {
      if (isLost) return onSessionLost();
      // Then it does not know where to continue.
      this.#lastEventId = '';
      this.#again();
    });
  }

  #settle(): void {
    const listeners = this.#onSettled ?? [];
    this.#onSettled = undefined;
    this.#cancelSettling?.();
    for (const listener of listeners) listener();
  }

  #again(): void {
    this.#settle();
    if (this.#isClosed) return;
    const { clock } = this.#options.target.context;
    this.#keepPlace();
    const livedMs = this.#openedAtMs === undefined ? 0 : clock.monotonicMs() - this.#openedAtMs;
    const delayMs = /* guard: http/stream-backoff */ Math.max(
      this.#backoff.nextDelayMs(livedMs),
      this.#retryMs,
    );
    this.#cancelBetween = clock.after(delayMs, () => this.open());
  }

  #endExchange(): void {
    this.#http?.abort();
    this.#http = undefined;
  }

  /** What the next exchange has to know of this one. */
  #keepPlace(): void {
    const seen = this.#reader?.lastEventId ?? '';
    if (seen !== '') this.#lastEventId = seen;
    this.#retryMs = Math.min(this.#reader?.retryMs ?? this.#retryMs, MAX_RETRY_MS);
  }
}
