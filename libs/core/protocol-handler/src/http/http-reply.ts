import { errorText, type RpcMessage } from '@omni/jsonrpc';
import type { Answer, AnswerServerRequest, ChunkSink, ResponseHead, RpcNotification } from '@omni/model';
import { type Era, type Exchange, GatewayError, type Payload, type Place } from '@omni/ports';
import type { FrontReply } from '../front-reply.ts';
import { PassthroughBody } from '../streams/passthrough-body.ts';
import type { RequestRecord } from '../request-log.ts';
import { PlainStream, type ReplyStream } from '../streams/reply-stream.ts';
import type { SessionEvents } from '../streams/session-events.ts';
import { EVENT_STREAM_HEADERS, JSON_HEADERS } from '../streams/sse-text.ts';
import type { StreamTicker, Ticking } from '../streams/stream-ticker.ts';

/** A silent request becomes an event stream after this time, so that nobody in between gives it up. */
const HOLD_MS = 5000;
const KEEP_ALIVE_MS = 15_000;
/** Behind this much unread output notifications are dropped: not every upstream can be held back. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

export interface HttpReplyOptions {
  readonly exchange: Exchange;
  /** Id of the request, as JSON. */
  readonly id: string;
  readonly era: Era;
  readonly ticker: StreamTicker;
  readonly record: RequestRecord;
  /** Where an event stream comes from that can be resumed. Absent in the modern era, which has none. */
  readonly events?: SessionEvents;
  /** Takes a request of an upstream to the client; `send` puts it on this reply's stream. Absent where there can be none. */
  readonly ask?: (
    message: RpcMessage,
    answer: AnswerServerRequest,
    send: (text: string) => boolean,
    signal: AbortSignal | undefined,
  ) => void;
  /** Called once, when the reply is complete or given up. */
  readonly onDone: () => void;
}

/**
 * The answer to one POST: a single JSON body, or an event stream once something precedes the answer.
 *
 * @see protocol.md R3, R4: status from the error code until headers are sent; JSON or events decided by the first message.
 */
export class HttpReply implements FrontReply, ChunkSink, Ticking {
  readonly #options: HttpReplyOptions;
  readonly #place: Place<Ticking>;
  #stream: ReplyStream | undefined;
  #passthrough: PassthroughBody | undefined;
  #isError = false;
  /** `passing`: an answer has begun that is written while it comes. */
  #state: 'open' | 'passing' | 'mute' | 'done' = 'open';
  #lastWriteMs: number;
  #heldBack: (() => void)[] = [];

  constructor(options: HttpReplyOptions) {
    this.#options = options;
    this.#lastWriteMs = options.ticker.nowMs();
    this.#place = options.ticker.add(this);
  }

  /** Events that a client can come back for are kept, and kept whole. */
  get chunks(): ChunkSink | undefined {
    return this.#stream === undefined || this.#stream instanceof PlainStream ? this : undefined;
  }

  notification(notification: RpcNotification): boolean {
    if (this.#state !== 'open') return true;
    // guard: reply/slow-reader
    if (this.#stream !== undefined && this.#stream.backlogBytes > MAX_BACKLOG_BYTES) return false;
    return this.#write(notification.text);
  }

  onDrain(listener: () => void): void {
    const writer =
      this.#state === 'passing' ? this.#passthrough : this.#state === 'open' ? this.#stream : undefined;
    if (writer === undefined) return listener();
    this.#heldBack.push(listener);
    if (this.#heldBack.length === 1) writer.onDrain(this.#goOn);
  }

  serverRequest(
    _upstream: string,
    message: RpcMessage,
    answer: AnswerServerRequest,
    signal?: AbortSignal,
  ): void {
    const ask = this.#options.ask;
    if (/* guard: question/modern */ ask === undefined || this.#state === 'done') {
      answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'This client cannot be asked during this request'));
      return;
    }
    const send = (text: string): boolean => {
      if (this.#state !== 'open') return false;
      this.#write(text);
      return true;
    };
    ask(message, answer, send, signal);
  }

  settle(answer: Answer): void {
    // guard: reply/one-answer
    if (this.#state === 'done') return;
    const { id, exchange, record } = this.#options;
    record.answered(answer);
    if (this.#passthrough !== undefined) {
      this.#passthrough.cut();
      return this.#finish();
    }
    const payload: Payload = answer.kind === 'message' ? answer.payload : errorText(id, answer.error);
    if (this.#stream === undefined) {
      const status = answer.kind === 'message' ? answer.status : answer.error.facts.httpStatus;
      exchange.respond(this.#statusFor(status), JSON_HEADERS, payload);
    } else {
      this.#stream.send(payload);
      this.#stream.end();
    }
    this.#finish();
  }

  onResponseHead({ status, length, isError, isKept }: ResponseHead): void {
    if (this.#state !== 'open') return;
    this.#state = 'passing';
    this.#isError = isError;
    if (this.#stream instanceof PlainStream) this.#passthrough = this.#stream.pass(isKept);
    else {
      const headers =
        length === undefined ? JSON_HEADERS : [...JSON_HEADERS, 'Content-Length', String(length)];
      this.#passthrough = new PassthroughBody(
        this.#options.exchange.stream(this.#statusFor(status), headers),
        { isEvent: false, isKept },
      );
    }
  }

  onChunk(bytes: Uint8Array): boolean {
    return this.#state !== 'passing' || this.#passthrough?.write(bytes) !== false;
  }

  onResponseEnd(): void {
    if (this.#state === 'done') return;
    this.#options.record.passed(this.#isError);
    this.#passthrough?.end();
    this.#finish();
  }

  abandon(): void {
    if (this.#state === 'done') return;
    this.#options.record.cancelled();
    if (this.#passthrough !== undefined) this.#passthrough.cut();
    // An empty stream gets no id: there is nothing to come back for.
    else if (this.#stream === undefined) this.#options.exchange.stream(200, EVENT_STREAM_HEADERS).end();
    else this.#stream.end();
    this.#finish();
  }

  /** The client is gone and the request with it. */
  drop(): void {
    if (this.#state === 'done') return;
    this.#options.record.cancelled();
    this.#finish();
  }

  /**
   * The client is gone, but the request runs on: it must not wait for a reader that never comes back.
   *
   * What an event stream still gets is kept for a client that resumes it. Before there is one the client knows no event id
   * to come back with, so the answer is dropped.
   */
  onGone(): void {
    if (this.#state !== 'open' && this.#state !== 'passing') return;
    if (this.#stream?.onGone(this.#options.exchange) === true) return;
    this.#state = 'mute';
    this.#options.ticker.remove(this.#place);
    this.#goOn();
  }

  onTick(nowMs: number): void {
    if (this.#state !== 'open') return;
    const silentMs = nowMs - this.#lastWriteMs;
    if (this.#stream === undefined ? silentMs < HOLD_MS : silentMs < KEEP_ALIVE_MS) return;
    this.#lastWriteMs = nowMs;
    this.#open().keepAlive();
  }

  /** Legacy clients expect errors of requests in a 200; other statuses speak of the transport. */
  #statusFor(status: number): number {
    return this.#options.era === 'legacy' ? 200 : status;
  }

  #write(text: string): boolean {
    this.#lastWriteMs = this.#options.ticker.nowMs();
    return this.#open().send(text);
  }

  #open(): ReplyStream {
    const { exchange, events } = this.#options;
    this.#stream ??= events === undefined ? new PlainStream(exchange) : events.openStream().attach(exchange);
    return this.#stream;
  }

  readonly #goOn = (): void => {
    const heldBack = this.#heldBack;
    this.#heldBack = [];
    for (const listener of heldBack) listener();
  };

  #finish(): void {
    this.#state = 'done';
    this.#options.ticker.remove(this.#place);
    this.#options.onDone();
  }
}
