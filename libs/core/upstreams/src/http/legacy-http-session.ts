import { notificationText, requestText, type RpcMessage } from '@omni/jsonrpc';
import { GatewayError, type HeaderList, type HttpCall } from '@omni/ports';
import { handshakeTimeout, negotiatedVersion } from '../connection/handshake-error.ts';
import { sendAuthorized } from './authorized-exchange.ts';
import { headerOf, postHeaders, streamHeaders } from './http-headers.ts';
import { HttpMessageReader, type HttpMessageSink } from './http-message-reader.ts';
import { httpPost } from './http-post.ts';
import type { InstanceHttp } from '../cookies/instance-http.ts';
import { endSession } from '../http-sessions/end-session.ts';
import { isSameId } from '../connection/mcp-notification.ts';
import { initializeParams } from '../connection/mcp-revision.ts';
import type { ConnectionOptions } from '../connection/open-connection.ts';

/** What the handshake with a legacy HTTP upstream led to. */
export interface LegacyHttpSession {
  /** Value of `Mcp-Session-Id`; `undefined` when the upstream keeps no sessions. */
  readonly id: string | undefined;
  readonly version: string;
  readonly handshake: RpcMessage;
}

export interface HttpTarget {
  readonly http: InstanceHttp;
  readonly url: string;
}

type InitializeDone = (result: LegacyHttpSession | GatewayError, status: number) => void;

const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const INITIALIZE_ID = '1';

/** Headers that carry the session on every later request. */
export function sessionHeaders(session: LegacyHttpSession): string[] {
  return session.id === undefined ? [] : ['mcp-session-id', session.id];
}

/**
 * `initialize` and `notifications/initialized` over HTTP, within the connect timeout.
 *
 * @param done - Called once; `status` is that of the answer to `initialize`, 0 when there was none.
 * @returns Aborts the handshake, and ends the session that it may have opened; `done` is not called then.
 * @see MCP 2025-11-25, basic/transports, "Session Management".
 */
export function initializeHttp(options: ConnectionOptions & HttpTarget, done: InitializeDone): () => void {
  const handshake = new HttpInitialize(options, done);
  handshake.begin();
  return () => handshake.abort();
}

class HttpInitialize implements HttpMessageSink {
  readonly #options: ConnectionOptions & HttpTarget;
  readonly #done: InitializeDone;
  readonly #cancelTimer: () => void;
  readonly #reader: HttpMessageReader;
  #http: HttpCall | undefined;
  #sessionId: string | undefined;
  /** As negotiated. */
  #version: string | undefined;
  #status = 0;
  #isOver = false;
  #isAnswered = false;

  constructor(options: ConnectionOptions & HttpTarget, done: InitializeDone) {
    this.#options = options;
    this.#done = done;
    const { spec, context, credentials } = options;
    this.#reader = new HttpMessageReader({
      credentials,
      context,
      sink: this,
    });
    this.#cancelTimer = context.clock.after(spec.connectTimeoutMs, () =>
      this.#finish(handshakeTimeout(spec, 'initialize')),
    );
  }

  begin(): void {
    const { http, url, credentials, context, binding, spec } = this.#options;
    const headers = postHeaders(credentials, undefined);
    const params = initializeParams(context.identity, binding, spec.roots);
    const body = requestText(INITIALIZE_ID, 'initialize', params);
    this.#http = sendAuthorized(
      http,
      headers,
      { method: 'POST', url, headers: headers.list, body },
      this.#reader,
    );
  }

  abort(): void {
    if (this.#isOver) return;
    this.#stop();
    // guard: http/orphaned-session
    this.#endSession();
  }

  onHead(status: number, headers: HeaderList): boolean {
    this.#status = status;
    this.#sessionId = headerOf(headers, 'mcp-session-id');
    return true;
  }

  onMessage(message: RpcMessage): void {
    if (message.kind !== 'response' || this.#isAnswered) return;
    if (!isSameId(message.id, INITIALIZE_ID) && !this.#reader.isAboutRequest(message)) return;
    this.#isAnswered = true;
    const { spec } = this.#options;
    const version = negotiatedVersion(this.#options.credentials, message, this.#reader.comeBack);
    if (version instanceof GatewayError) return this.#finish(version);
    // guard: http/session-id
    if (this.#sessionId !== undefined && !isSessionId(this.#sessionId)) {
      return this.#finish(
        new GatewayError(
          'OMNI_UPSTREAM_PROTOCOL',
          `"${spec.name}" gave a session id with characters that are not allowed`,
        ),
      );
    }
    this.#version = version;
    this.#confirm({ id: this.#sessionId, version, handshake: message });
  }

  onFramingError(): void {}

  onEnd(): void {
    if (!this.#isAnswered)
      this.#finish(
        new GatewayError(
          'OMNI_UPSTREAM_PROTOCOL',
          `"${this.#options.spec.name}" ended its answer to initialize without a result`,
        ),
      );
  }

  onFailure(error: GatewayError): void {
    if (!this.#isAnswered) this.#finish(error);
  }

  #confirm(session: LegacyHttpSession): void {
    const { http, url, credentials, spec } = this.#options;
    // An event stream may stay open behind the answer; nothing is expected on it.
    if (this.#reader.isStream) {
      this.#reader.stop();
      this.#http?.abort();
    }
    const headers = postHeaders(credentials, session.version, ...sessionHeaders(session));
    this.#http = httpPost(http, url, headers, notificationText('notifications/initialized', ''), {
      onOutcome: (outcome) => {
        if (outcome instanceof GatewayError) return this.#finish(outcome);
        if (outcome < 400) return this.#finish(session);
        this.#finish(
          new GatewayError(
            'OMNI_UPSTREAM_HTTP_STATUS',
            `"${spec.name}" answered notifications/initialized with HTTP status ${outcome}`,
            {
              data: { status: outcome },
            },
          ),
        );
      },
    });
  }

  #finish(result: LegacyHttpSession | GatewayError): void {
    if (this.#isOver) return;
    if (result instanceof GatewayError) this.#stop();
    this.#isOver = true;
    this.#cancelTimer();
    this.#done(result, this.#status);
  }

  #stop(): void {
    this.#isOver = true;
    this.#cancelTimer();
    this.#reader.stop();
    this.#http?.abort();
  }

  /** Nobody knows of a session whose handshake was given up. */
  #endSession(): void {
    const id = this.#sessionId;
    if (id === undefined || !isSessionId(id) || this.#status >= 400) return;
    const { http, url, credentials, context } = this.#options;
    const headers = streamHeaders(credentials, this.#version, 'mcp-session-id', id);
    void endSession({ http, url, headers, clock: context.clock });
  }
}

function isSessionId(text: string): boolean {
  return VISIBLE_ASCII.test(text);
}
