import { parseMessage } from '@omni/jsonrpc';
import { type ByteBudget, type Clock, GatewayError, type HeaderList, type HttpCall } from '@omni/ports';
import type { HeadedChannel, HeadedListener } from '../connection/headed-channel.ts';
import { sendAuthorized } from '../http/authorized-exchange.ts';
import { bodyKind, postHeaders, streamHeaders } from '../http/http-headers.ts';
import type { InstanceHttp } from '../cookies/instance-http.ts';
import { noRoomError } from '../connection/no-room.ts';
import { refusedCredentials } from '../credentials/refused-credentials.ts';
import type { UpstreamCredentials } from '../credentials/upstream-credentials.ts';
import { SsePosts } from './sse-posts.ts';
import { retryAfterSeconds } from '../http/retry-after.ts';
import { SseParser, type SseEvent, type SseProblem } from '../http/sse-parser.ts';
import { UPSTREAM_JSON_LIMITS } from '../connection/upstream-limits.ts';

export interface SseChannelOptions {
  readonly http: InstanceHttp;
  /** Address of the stream. */
  readonly url: string;
  /** Names the upstream, too. */
  readonly credentials: UpstreamCredentials;
  readonly maxMessageBytes: number;
  /** For messages that are not complete. Default: none is counted. */
  readonly budget?: ByteBudget | undefined;
  readonly clock: Clock;
  /** Called when the server has shown that it speaks this transport. */
  readonly onEndpoint?: () => void;
}

/** A server of this transport names its endpoint at once; others may hold a stream open in silence. */
const ENDPOINT_MS = 10_000;
/** Statuses that say that the session, or the right to it, is gone: nothing that is sent would arrive. */
const SESSION_ENDED: ReadonlySet<number> = new Set([401, 403, 404, 410]);

/**
 * A channel to a server of the transport HTTP+SSE: its messages are events of one stream, ours are posted to
 * the address that its first event names.
 *
 * @see MCP 2024-11-05, basic/transports, "HTTP with SSE".
 */
export class SseChannel implements HeadedChannel {
  readonly #options: SseChannelOptions;
  readonly #listener: HeadedListener;
  readonly #parser: SseParser;
  readonly #posts: SsePosts;
  readonly #stream: HttpCall;
  readonly #cancelTimer: () => void;
  #hasEndpoint = false;
  #isClosed = false;

  constructor(options: SseChannelOptions, listener: HeadedListener) {
    this.#options = options;
    this.#listener = listener;
    const { http, url, credentials, clock } = options;
    this.#parser = new SseParser(
      { onEvent: (event) => this.#onEvent(event) },
      options.maxMessageBytes,
      options.budget,
    );
    this.#posts = new SsePosts({
      http,
      headers: postHeaders(credentials, undefined),
      clock,
      onRefused: (text, outcome) => this.#onRefused(text, outcome),
    });
    this.#cancelTimer = clock.after(ENDPOINT_MS, () =>
      /* guard: sse/silent */ this.#end(this.#noEndpoint('in time')),
    );
    const headers = streamHeaders(credentials, undefined);
    this.#stream = sendAuthorized(
      http,
      headers,
      { method: 'GET', url, headers: headers.list },
      {
        onHead: (status, headers) => this.#onHead(status, headers),
        onData: (chunk) => this.#onData(chunk),
        onEnd: () => this.#end(this.#hasEndpoint ? undefined : this.#noEndpoint('before its stream ended')),
        onError: (error) => this.#end(this.#named(error)),
      },
    );
  }

  send(text: string, headers?: HeaderList): boolean {
    return !this.#isClosed && this.#posts.add(text, headers);
  }

  close(): Promise<void> {
    this.#end(undefined);
    return Promise.resolve();
  }

  #onHead(status: number, headers: HeaderList): void {
    if (status !== 200) this.#end(this.#statusError(status, headers));
    else if (bodyKind(headers) !== 'events')
      this.#end(this.#noEndpoint('but something else than an event stream'));
  }

  #onData(chunk: Uint8Array): void {
    if (this.#isClosed) return;
    const problem = this.#parser.push(chunk);
    if (problem !== undefined) this.#end(this.#streamError(problem));
  }

  #onEvent({ event, data }: SseEvent): void {
    if (this.#isClosed) return;
    if (event === 'endpoint') this.#onEndpoint(data);
    else if (event === 'message' && data !== '') this.#listener.onMessage(data);
  }

  #onEndpoint(written: string): void {
    // Later ones would lead a running session elsewhere.
    // guard: sse/first-endpoint
    if (this.#hasEndpoint) return;
    const endpoint = sameOrigin(written, this.#options.url);
    if (endpoint === undefined) {
      const { upstream } = this.#options.credentials;
      return this.#end(
        new GatewayError(
          'OMNI_UPSTREAM_PROTOCOL',
          `"${upstream}" wants its messages sent to another origin; Omni sends credentials to its own only`,
        ),
      );
    }
    this.#hasEndpoint = true;
    this.#cancelTimer();
    this.#options.onEndpoint?.();
    this.#posts.begin(endpoint);
  }

  /** The server did not take a message. */
  #onRefused(text: string, outcome: number | GatewayError): void {
    if (this.#isClosed) return;
    if (outcome instanceof GatewayError) return this.#end(this.#named(outcome));
    const error = this.#statusError(outcome);
    if (SESSION_ENDED.has(outcome)) return this.#end(error);
    // Nothing will come on the stream for it.
    const message = parseMessage(text, UPSTREAM_JSON_LIMITS);
    if (message.kind === 'request') this.#listener.onRefused?.(message.id, error);
  }

  #end(reason: GatewayError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelTimer();
    this.#posts.close();
    this.#parser.close();
    this.#stream.abort();
    this.#listener.onClose(reason);
  }

  #statusError(status: number, headers: HeaderList = []): GatewayError {
    const seconds = retryAfterSeconds(headers, this.#options.clock.now());
    return new GatewayError(
      'OMNI_UPSTREAM_HTTP_STATUS',
      `"${this.#options.credentials.upstream}" answered with HTTP status ${status}`,
      {
        data: seconds === undefined ? { status } : { status, retryAfterSeconds: seconds },
        ...refusedCredentials(this.#options.credentials.upstream, status),
      },
    );
  }

  #noEndpoint(how: string): GatewayError {
    return new GatewayError(
      'OMNI_UPSTREAM_PROTOCOL',
      `"${this.#options.credentials.upstream}" named no endpoint of the transport HTTP+SSE ${how}`,
    );
  }

  #streamError(problem: SseProblem): GatewayError {
    const { credentials, maxMessageBytes } = this.#options;
    const { upstream } = credentials;
    if (problem === 'no-room') return noRoomError(upstream);
    return problem === 'too-large'
      ? new GatewayError(
          'OMNI_UPSTREAM_TOO_LARGE',
          `"${upstream}" sent a message of more than ${maxMessageBytes} bytes`,
        )
      : new GatewayError('OMNI_UPSTREAM_PROTOCOL', `"${upstream}" sent an event stream that is not UTF-8`);
  }

  /** The port's message does not name the upstream. */
  #named(error: GatewayError): GatewayError {
    return new GatewayError(
      error.code,
      `"${this.#options.credentials.upstream}" could not be reached: ${error.message}`,
      {
        cause: error,
        ...(error.data !== undefined && { data: error.data }),
      },
    );
  }
}

/** The address in full; `undefined` when it is none, or leads to another origin or other credentials. */
function sameOrigin(written: string, base: string): string | undefined {
  if (!URL.canParse(written, base)) return undefined;
  const url = new URL(written, base);
  // guard: sse/endpoint-origin, sse/endpoint-credentials
  return url.origin === new URL(base).origin && url.username === '' && url.password === ''
    ? url.href
    : undefined;
}
