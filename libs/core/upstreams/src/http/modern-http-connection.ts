import { notificationText, requestText, type RpcMessage } from '@omni/jsonrpc';
import {
  type CallHandler,
  callParams,
  type CallPhase,
  type ChunkSink,
  encodeHeaderValue,
  IGNORED,
  internalCall,
  MODERN_VERSION,
  refusedCall,
  type ResponseHead,
  type RunningCall,
  type UpstreamAnswer,
  type UpstreamCall,
  LISTEN,
} from '@omni/model';
import { GatewayError, type HttpRequest, LiveList, type Place } from '@omni/ports';
import { startDeadline, timeoutError } from '../connection/call-timeout.ts';
import type { Deadline, DeadlineListener } from '../connection/deadlines.ts';
import { isOtherEraStatus } from '../connection/era-memory.ts';
import { type AuthorizedCall, sendAuthorized } from './authorized-exchange.ts';
import { ConnectFailures } from './connect-failures.ts';
import { exchangePhase } from './exchange-phase.ts';
import { addForwarded, postHeaders, type RequestHeaders } from './http-headers.ts';
import { HttpMessageReader, type HttpMessageSink, type PassingSink } from './http-message-reader.ts';
import { OwnPosts } from './own-posts.ts';
import type { InstanceHttp } from '../cookies/instance-http.ts';
import { isSameId } from '../connection/mcp-notification.ts';
import { errorCodeOf, modernParams, probeVerdict, REFUSALS } from '../connection/mcp-revision.ts';
import { stoppedError } from '../connection/stopped-error.ts';
import type { ConnectionCounters, ConnectionOptions, OpenConnection } from '../connection/open-connection.ts';
import { StagedConnection } from '../connection/staged-connection.ts';
import { SlowReader } from './slow-reader.ts';
import { StreamTail } from './stream-tail.ts';

export interface ModernHttpConnectionOptions extends ConnectionOptions {
  readonly http: InstanceHttp;
  readonly url: string;
  readonly handshake: RpcMessage;
}

/** Pause between two questions for the era. */
const TRUST_MS = 10_000;
/** Errors of a request that this revision has, and that need not name it. */
const OF_THIS_ERA: ReadonlySet<string | undefined> = new Set(['-32020', '-32021', '-32700']);

/**
 * Calls to an HTTP upstream of the modern era: each in an exchange of its own, under the client's own id.
 *
 * @see MCP 2026-07-28, basic/transports, "Streamable HTTP".
 */
export class ModernHttpConnection extends StagedConnection implements OpenConnection {
  readonly era = 'modern';
  readonly keepsClientId = true;
  readonly handshake: RpcMessage;
  readonly headers: RequestHeaders;
  readonly boundTo = undefined;
  /** There are no questions in this era. */
  readonly isHeldUp = false;
  readonly counters: ConnectionCounters = {
    framingError: 0,
    strayAnswers: 0,
    droppedNotifications: 0,
    refusedRequests: 0,
  };
  readonly #options: ModernHttpConnectionOptions;
  readonly #version: string;
  readonly #running = new LiveList<ModernHttpCall>();
  readonly #connectFailures = new ConnectFailures();
  readonly #posts: OwnPosts;
  /** Until then its era is not asked for again. */
  #trustedUntilMs = 0;
  #ended: GatewayError | undefined;

  constructor(options: ModernHttpConnectionOptions) {
    super(options, 'modern');
    this.#options = options;
    this.handshake = options.handshake;
    this.#version = options.dialect?.version ?? MODERN_VERSION;
    this.headers = postHeaders(options.credentials, this.#version);
    this.#posts = new OwnPosts({
      http: options.http,
      url: options.url,
      upstream: options.spec.name,
      clock: options.context.clock,
      onDropped() {},
      onOverflow: (error) => this.#break(error),
    });
  }

  protected override get running(): number {
    return this.#running.size;
  }

  protected override sendRaw(call: UpstreamCall, listener: CallHandler): RunningCall {
    if (this.#ended !== undefined) return refusedCall(listener, this.#ended);
    const running = new ModernHttpCall(this, this.#options, call, listener);
    running.begin(this.#running.add(running));
    return running;
  }

  /** A call as an HTTP request, with the credentials in force. */
  requestOf(call: UpstreamCall): HttpRequest {
    const own = this.headers.list;
    // guard: http/method-header
    const method = encodeHeaderValue(call.method);
    // A copy of the right size: one that grows takes three times the room.
    const headers =
      call.name === undefined
        ? own.concat('mcp-method', method)
        : own.concat('mcp-method', method, 'mcp-name', encodeHeaderValue(call.name));
    for (const item of call.paramHeaders) headers.push(item);
    if (call.forwardedHeaders !== undefined) addForwarded(headers, own, call.forwardedHeaders);
    const body = requestText(call.clientId, call.method, callParams(call));
    return { method: 'POST', url: this.#options.url, headers, body };
  }

  notify(method: string, params: string): void {
    if (this.#ended !== undefined) return;
    const { credentials } = this.#options;
    const headers = postHeaders(credentials, this.#version, 'mcp-method', encodeHeaderValue(method));
    this.#posts.tell(notificationText(method, params), headers);
  }

  renewStreams(): void {
    for (const call of this.#running.items()) call.renewStream();
  }

  close(reason = stoppedError(this.upstream)): Promise<void> {
    this.#ended ??= reason;
    for (const call of this.#running.items()) call.onFailure(reason);
    return Promise.resolve();
  }

  /** A call is over, with the failure that ended it if there was one. */
  onOver(call: ModernHttpCall, failure: GatewayError | undefined): void {
    if (call.place !== undefined) this.#running.remove(call.place);
    if (this.#ended !== undefined) return;
    if (this.#connectFailures.isTooMuch(failure) && failure !== undefined) this.#break(failure);
    else if (isOtherEraStatus(failure?.data?.['status'])) this.doubtEra();
  }

  /** The upstream has answered as a server of the other era does: it is asked whether it is one by now. */
  doubtEra(): void {
    const { clock, identity, dialects } = this.#options.context;
    const now = clock.monotonicMs();
    if (this.#ended !== undefined || /* guard: http/era-questions */ now < this.#trustedUntilMs) return;
    this.#trustedUntilMs = now + TRUST_MS;
    this.send(internalCall('server/discover', modernParams(identity, '')), {
      ...IGNORED,
      onAnswer: (answer) => {
        if (
          answer.kind === 'message' &&
          answer.status < 500 &&
          probeVerdict(answer.message, dialects).kind !== 'modern'
        )
          this.#leaveEra();
      },
      onFailure: ({ data }) => {
        if (isOtherEraStatus(data?.['status'])) this.#leaveEra();
      },
    });
  }

  #leaveEra(): void {
    const { spec, context } = this.#options;
    context.eras.forget(spec);
    this.#break(
      new GatewayError(
        'OMNI_UPSTREAM_ERA',
        `"${this.upstream}" does not speak revision ${this.#version} any more`,
      ),
    );
  }

  /** Others that run may still get their answer; only new ones are turned away. */
  #break(reason: GatewayError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#options.events.onClosed(this, reason);
  }
}

/** One exchange. */
export class ModernHttpCall implements RunningCall, HttpMessageSink, PassingSink, DeadlineListener {
  readonly #connection: ModernHttpConnection;
  readonly #options: ModernHttpConnectionOptions;
  readonly #call: UpstreamCall;
  readonly #listener: CallHandler;
  place: Place<ModernHttpCall> | undefined;
  #reader: HttpMessageReader;
  #http: AuthorizedCall | undefined;
  #deadline: Deadline | undefined;
  #tail: StreamTail | undefined;
  #chunks: ChunkSink | undefined;
  #slow: SlowReader | undefined;
  #phase: CallPhase = 'sent';
  #isOver = false;

  constructor(
    connection: ModernHttpConnection,
    options: ModernHttpConnectionOptions,
    call: UpstreamCall,
    listener: CallHandler,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.#call = call;
    this.#listener = listener;
    this.#reader = this.#newReader();
  }

  begin(place: Place<ModernHttpCall>): void {
    this.place = place;
    this.#http = this.#send();
    this.#deadline = startDeadline(
      this.#call.method,
      this.#options.spec,
      this.#options.context.deadlines,
      this,
    );
  }

  cancel(): void {
    if (!this.#isOver) this.#finish(undefined);
  }

  /**
   * A subscription goes on in another exchange: whoever listens is told by its acknowledgement that something
   * may be missing.
   */
  renewStream(): void {
    // What was refused is sent again by itself.
    if (
      this.#isOver ||
      this.#call.method !== LISTEN ||
      /* guard: credentials/listen-renewing */ this.#http?.isRenewing === true
    )
      return;
    this.#reader.stop();
    this.#http?.abort();
    this.#reader = this.#newReader();
    this.#http = this.#send();
    this.#slow?.moveTo(this.#http);
  }

  onDeadline(kind: 'idle' | 'total'): void {
    this.onFailure(timeoutError(this.#call.method, this.#options.spec, kind));
  }

  onHead(): boolean {
    this.#connection.heard();
    this.#phase = 'head-received';
    return true;
  }

  onMessage(message: RpcMessage, status: number): void {
    this.#connection.heard();
    if (this.#isOver) return;
    switch (message.kind) {
      case 'notification':
        return this.#onNotification(message);
      case 'request':
        // Servers send none in this era, and nobody waits for the answer on this stream.
        this.#connection.counters.refusedRequests++;
        return;
      case 'response':
        return this.#onResponse(message, status);
    }
  }

  onBytes(bytes: Uint8Array, status: number): void {
    if (!this.#isOver) this.#answer({ kind: 'bytes', bytes, status });
  }

  get passingId(): string | undefined {
    return this.#call.allowPassthrough ? this.#call.clientId : undefined;
  }

  onFlow(): void {
    this.#connection.heard();
    this.#deadline?.touch();
  }

  onResponseHead(head: ResponseHead): boolean {
    this.#chunks = this.#isOver ? undefined : this.#listener.chunks;
    this.#chunks?.onResponseHead(head);
    return this.#chunks !== undefined;
  }

  onChunk(bytes: Uint8Array): void {
    if (this.#chunks?.onChunk(bytes) === false) this.#holdBack();
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#end(undefined);
    this.#chunks?.onResponseEnd();
  }

  onFramingError(): void {
    this.#connection.counters.framingError++;
  }

  onEnd(): void {
    this.#tail?.end();
    if (this.#isOver) return;
    const name = this.#options.spec.name;
    if (this.#reader.isStream) {
      return this.onFailure(
        new GatewayError('OMNI_UPSTREAM_UNREACHABLE', `"${name}" ended the stream before its answer`, {
          data: { phase: 'body' },
        }),
      );
    }
    this.onFailure(new GatewayError('OMNI_UPSTREAM_PROTOCOL', `"${name}" answered a different request`));
  }

  onFailure(error: GatewayError): void {
    this.#tail?.end();
    if (this.#isOver) return;
    this.#finish(error);
    this.#listener.onFailure(error, exchangePhase(error, this.#phase));
  }

  #onResponse(message: RpcMessage, status: number): void {
    const isNamed = isSameId(message.id, this.#call.clientId);
    // guard: answer/id
    if (!isNamed && !this.#reader.isAboutRequest(message)) {
      this.#connection.counters.strayAnswers++;
      return;
    }
    if (isOtherEraStatus(status) && !isOfThisEra(message, isNamed)) this.#connection.doubtEra();
    this.#answer({ kind: 'message', message, status });
  }

  #onNotification(message: RpcMessage): void {
    this.#deadline?.touch();
    if (!this.#listener.onNotification(message)) this.#holdBack();
  }

  #holdBack(): void {
    if (this.#isOver) return;
    this.#slow ??= new SlowReader(this.#listener, this.#deadline);
    this.#slow.hold(this.#http);
  }

  #newReader(): HttpMessageReader {
    const { credentials, context } = this.#options;
    return new HttpMessageReader({
      credentials,
      context,
      sink: this,
      passing: this,
    });
  }

  #send(): AuthorizedCall {
    const request = this.#connection.requestOf(this.#call);
    return sendAuthorized(
      this.#options.http,
      this.#connection.headers,
      request,
      this.#reader,
      this.#call.forwardedHeaders,
    );
  }

  #answer(answer: UpstreamAnswer): void {
    if (this.#reader.isStream)
      this.#tail = new StreamTail(this.#http, this.#reader, this.#options.context.deadlines);
    else this.#reader.stop();
    this.#end(undefined);
    this.#listener.onAnswer(answer);
  }

  /** The client has gone, or the exchange has failed: closing the stream is how the upstream learns it. */
  #finish(failure: GatewayError | undefined): void {
    this.#reader.stop();
    this.#http?.abort();
    this.#end(failure);
  }

  #end(failure: GatewayError | undefined): void {
    this.#isOver = true;
    this.#deadline?.stop();
    this.#slow?.end();
    this.#connection.onOver(this, failure);
  }
}

/** @param isNamed - Whether the error names the request by its id. */
function isOfThisEra(message: RpcMessage, isNamed: boolean): boolean {
  const code = errorCodeOf(message);
  return isNamed ? !REFUSALS.has(code) : OF_THIS_ERA.has(code);
}
