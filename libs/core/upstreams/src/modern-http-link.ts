import { GatewayError, type HttpCall, type HttpClient } from '@omni/ports';
import {
  callParams,
  encodeHeaderValue,
  LiveList,
  notificationText,
  requestText,
  type CallListener,
  type PassedHead,
  type PieceSink,
  type Place,
  type RpcMessage,
  type RunningCall,
  type SessionOwner,
  type UpstreamAnswer,
  type UpstreamCall,
} from '@omni/wire';
import { startDeadline, timeoutError } from './call-timeout.ts';
import type { Deadline, DeadlineListener } from './deadlines.ts';
import { FailedCall } from './failed-call.ts';
import { ConnectFailures } from './connect-failures.ts';
import { postHeaders } from './http-headers.ts';
import { HttpMessageReader, type HttpMessageSink, type PassingSink } from './http-message-reader.ts';
import { httpPost } from './http-post.ts';
import { isSameId } from './mcp-notification.ts';
import { MODERN_VERSION } from './mcp-revision.ts';
import type { LinkCounters, LinkOptions, OpenLink } from './open-link.ts';
import { StreamTail } from './stream-tail.ts';

export interface ModernHttpLinkOptions extends LinkOptions {
  readonly http: HttpClient;
  readonly url: string;
  readonly configuredHeaders: Readonly<Record<string, string>>;
  readonly hello: RpcMessage;
}

/**
 * Calls to an HTTP upstream of the modern era: each in an exchange of its own, under the client's own id.
 *
 * @see MCP 2026-07-28, basic/transports, "Streamable HTTP".
 */
export class ModernHttpLink implements OpenLink {
  readonly upstream: string;
  readonly era = 'modern';
  readonly keepsClientId = true;
  readonly owner: SessionOwner | undefined;
  readonly hello: RpcMessage;
  /** There are no questions in this era. */
  readonly isHeldUp = false;
  readonly counters: LinkCounters = { garbage: 0, strayAnswers: 0, droppedNotifications: 0, refusedRequests: 0 };
  readonly #options: ModernHttpLinkOptions;
  readonly #headers: readonly string[];
  readonly #running = new LiveList<ModernHttpCall>();
  readonly #connectFailures = new ConnectFailures();
  #ended: GatewayError | undefined;

  constructor(options: ModernHttpLinkOptions) {
    this.#options = options;
    this.upstream = options.spec.name;
    this.owner = options.owner;
    this.hello = options.hello;
    this.#headers = postHeaders(options.configuredHeaders, MODERN_VERSION);
  }

  get inFlight(): number {
    return this.#running.size;
  }

  send(call: UpstreamCall, listener: CallListener): RunningCall {
    if (this.#ended !== undefined) return new FailedCall(listener, this.#ended);
    const { context, http, url } = this.#options;
    if (this.#running.size >= context.limits.maxInFlight) {
      return new FailedCall(
        listener,
        new GatewayError('OMNI_OVERLOADED', `"${this.upstream}" has ${this.#running.size} calls under way (limits.maxInFlight)`),
      );
    }
    const method = encodeHeaderValue(call.method);
    // A copy of the right size: one that grows takes three times the room.
    const headers =
      call.name === undefined
        ? this.#headers.concat('mcp-method', method)
        : this.#headers.concat('mcp-method', method, 'mcp-name', encodeHeaderValue(call.name));
    for (const item of call.paramHeaders) headers.push(item);
    for (const item of call.passedHeaders ?? []) headers.push(item);
    const body = requestText(call.clientId, call.method, callParams(call));
    const running = new ModernHttpCall(this, this.#options, call, listener);
    running.begin(this.#running.add(running), http.send({ method: 'POST', url, headers, body }, running.reader));
    return running;
  }

  notify(method: string, params: string): void {
    if (this.#ended !== undefined) return;
    const { http, url } = this.#options;
    httpPost(http, url, [...this.#headers, 'mcp-method', encodeHeaderValue(method)], notificationText(method, params));
  }

  close(): Promise<void> {
    const error = new GatewayError('OMNI_UPSTREAM_DOWN', `"${this.upstream}" was stopped`);
    this.#ended ??= error;
    for (const call of this.#running.items()) call.onFailure(error);
    return Promise.resolve();
  }

  /** A call is over, with the failure that ended it if there was one. */
  onOver(call: ModernHttpCall, failure: GatewayError | undefined): void {
    if (call.place !== undefined) this.#running.remove(call.place);
    if (this.#ended !== undefined || !this.#connectFailures.isTooMuch(failure)) return;
    // Others that run may still get their answer; only new ones are turned away.
    this.#ended = failure;
    if (failure !== undefined) this.#options.events.onClosed(this, failure);
  }
}

/** One exchange. */
class ModernHttpCall implements RunningCall, HttpMessageSink, PassingSink, DeadlineListener {
  readonly reader: HttpMessageReader;
  readonly #link: ModernHttpLink;
  readonly #options: ModernHttpLinkOptions;
  readonly #call: UpstreamCall;
  readonly #listener: CallListener;
  place: Place<ModernHttpCall> | undefined;
  #http: HttpCall | undefined;
  #deadline: Deadline | undefined;
  #tail: StreamTail | undefined;
  #pieces: PieceSink | undefined;
  #isOver = false;
  #isPaused = false;

  constructor(link: ModernHttpLink, options: ModernHttpLinkOptions, call: UpstreamCall, listener: CallListener) {
    this.#link = link;
    this.#options = options;
    this.#call = call;
    this.#listener = listener;
    this.reader = new HttpMessageReader({
      spec: options.spec,
      maxBytes: options.context.limits.maxUpstreamMessageBytes,
      budget: options.context.budget,
      sink: this,
      untouchedId: call.mayPassBytes ? call.clientId : undefined,
      passing: this,
    });
  }

  begin(place: Place<ModernHttpCall>, http: HttpCall): void {
    this.place = place;
    this.#http = http;
    this.#deadline = startDeadline(this.#call.method, this.#options.spec, this.#options.context.deadlines, this);
  }

  cancel(): void {
    if (!this.#isOver) this.#finish(undefined);
  }

  onDeadline(kind: 'idle' | 'total'): void {
    this.onFailure(timeoutError(this.#call.method, this.#options.spec, kind));
  }

  onHead(): boolean {
    return true;
  }

  onMessage(message: RpcMessage, status: number): void {
    if (this.#isOver) return;
    switch (message.kind) {
      case 'notification':
        return this.#onNotification(message);
      case 'request':
        // Servers send none in this era, and nobody waits for the answer on this stream.
        this.#link.counters.refusedRequests++;
        return;
      case 'response':
        // A request that could not be read is refused under the id null.
        if (isSameId(message.id, this.#call.clientId) || (message.id === 'null' && !this.reader.isStream)) {
          return this.#answer({ kind: 'message', message, status });
        }
        this.#link.counters.strayAnswers++;
    }
  }

  onBytes(bytes: Uint8Array, status: number): void {
    if (!this.#isOver) this.#answer({ kind: 'bytes', bytes, status });
  }

  get passingId(): string | undefined {
    return this.#call.mayPassBytes ? this.#call.clientId : undefined;
  }

  onFlow(): void {
    this.#deadline?.touch();
  }

  onPassedHead(head: PassedHead): boolean {
    this.#pieces = this.#isOver ? undefined : this.#listener.pieces;
    this.#pieces?.onPassedHead(head);
    return this.#pieces !== undefined;
  }

  onPiece(bytes: Uint8Array): void {
    if (this.#pieces?.onPiece(bytes) === false) this.#holdBack();
  }

  onPassedEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadline?.stop();
    this.#link.onOver(this, undefined);
    this.#pieces?.onPassedEnd();
  }

  onGarbage(): void {
    this.#link.counters.garbage++;
  }

  onEnd(): void {
    this.#tail?.end();
    if (this.#isOver) return;
    const name = this.#options.spec.name;
    if (this.reader.isStream) {
      return this.onFailure(
        new GatewayError('OMNI_UPSTREAM_UNREACHABLE', `"${name}" ended the stream before its answer`, { data: { phase: 'body' } }),
      );
    }
    this.onFailure(new GatewayError('OMNI_UPSTREAM_PROTOCOL', `"${name}" answered with another message than the one that was asked for`));
  }

  onFailure(error: GatewayError): void {
    this.#tail?.end();
    if (this.#isOver) return;
    this.#finish(error);
    this.#listener.onFailure(error);
  }

  #onNotification(message: RpcMessage): void {
    this.#deadline?.touch();
    if (!this.#listener.onNotification(message)) this.#holdBack();
  }

  #holdBack(): void {
    if (this.#isPaused || this.#isOver) return;
    this.#isPaused = true;
    this.#http?.pause();
    this.#deadline?.hold();
    this.#listener.onDrain(() => {
      this.#isPaused = false;
      if (this.#isOver) return;
      this.#deadline?.release();
      this.#http?.resume();
    });
  }

  #answer(answer: UpstreamAnswer): void {
    this.#isOver = true;
    this.#deadline?.stop();
    if (this.reader.isStream) {
      if (this.#isPaused) this.#http?.resume();
      this.#tail = new StreamTail(this.#http, this.reader, this.#options.context.deadlines);
    } else this.reader.stop();
    this.#link.onOver(this, undefined);
    this.#listener.onAnswer(answer);
  }

  /** The client has gone, or the exchange has failed: closing the stream is how the upstream learns it. */
  #finish(failure: GatewayError | undefined): void {
    this.#isOver = true;
    this.#deadline?.stop();
    this.reader.stop();
    this.#http?.abort();
    this.#link.onOver(this, failure);
  }
}
