import type { Outcome, ResponseHead } from '@omni/model';
import type { Exchange, HeaderList, Place } from '@omni/ports';
import { answerPayload } from '../request/answer-text.ts';
import { refusalHeaders } from '../request/refuse.ts';
import type { ChunkWriter, ResponseWriter } from '../request/response-writer.ts';
import { PassthroughBody } from '../streams/passthrough-body.ts';
import { PlainStream, type ReplyStream } from '../streams/reply-stream.ts';
import type { SessionEvents } from '../streams/session-events.ts';
import { EVENT_STREAM_HEADERS, JSON_HEADERS } from '../streams/sse-text.ts';
import type { StreamTicker, Ticking } from '../streams/stream-ticker.ts';

/** A silent request becomes an event stream after this time, so that nobody in between gives it up. */
const HOLD_MS = 5000;
const KEEP_ALIVE_MS = 15_000;
/** Behind this much unread output notifications are dropped: not every upstream can be held back. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

/**
 * Writes the answer to one POST: a single JSON body, or an event stream once something precedes the answer.
 *
 * @see PROTO-R03, PROTO-R04: status from the error code until headers are sent; JSON or events decided by
 * the first message.
 */
export class HttpWriter implements ResponseWriter, ChunkWriter, Ticking {
  /** Sent along with an answer that is a single body. */
  extraHeaders: HeaderList = [];
  readonly #exchange: Exchange;
  readonly #ticker: StreamTicker;
  readonly #events: SessionEvents | undefined;
  #place: Place<Ticking> | undefined = undefined;
  #stream: ReplyStream | undefined = undefined;
  #passthrough: PassthroughBody | undefined = undefined;
  /** `passing`: an answer is written as it arrives. `mute`: the client is gone, so nothing is written. */
  #state: 'open' | 'passing' | 'mute' | 'done' = 'open';
  #lastWriteMs: number;
  #heldBack: (() => void)[] = [];

  /**
   * @param events - Of the session that the request belongs to: its event streams can be resumed. Absent in
   * the modern era.
   */
  constructor(exchange: Exchange, ticker: StreamTicker, events?: SessionEvents) {
    this.#exchange = exchange;
    this.#ticker = ticker;
    this.#events = events;
    this.#lastWriteMs = ticker.nowMs();
  }

  /** Events that a client can come back for are kept, and kept whole. */
  get chunks(): ChunkWriter | undefined {
    return this.#stream === undefined || this.#stream instanceof PlainStream ? this : undefined;
  }

  notification(text: string): boolean {
    if (this.#state !== 'open') return true;
    // guard: reply/slow-reader
    if (this.#stream !== undefined && this.#stream.backlogBytes > MAX_BACKLOG_BYTES) return false;
    return this.#writeEvent(text);
  }

  onDrain(listener: () => void): void {
    const writer =
      this.#state === 'passing' ? this.#passthrough : this.#state === 'open' ? this.#stream : undefined;
    if (writer === undefined) return listener();
    this.#heldBack.push(listener);
    if (this.#heldBack.length === 1) writer.onDrain(this.#goOn);
  }

  serverRequest(text: string): boolean {
    if (this.#state !== 'open') return false;
    this.#writeEvent(text);
    return true;
  }

  begin({ status, length, isKept }: ResponseHead): void {
    if (this.#state !== 'open') return;
    this.#state = 'passing';
    if (this.#stream instanceof PlainStream) this.#passthrough = this.#stream.passThrough(isKept);
    else {
      const headers =
        length === undefined ? JSON_HEADERS : [...JSON_HEADERS, 'Content-Length', String(length)];
      this.#passthrough = new PassthroughBody(this.#exchange.stream(this.#statusFor(status), headers), {
        isEvent: false,
        isKept,
      });
    }
  }

  chunk(bytes: Uint8Array): boolean {
    return this.#state !== 'passing' || this.#passthrough?.write(bytes) !== false;
  }

  keepWaiting(): void {
    if (this.#state === 'open' && this.#place === undefined) this.#place = this.#ticker.add(this);
  }

  write(id: string, outcome: Outcome): void {
    const isMute = this.#state === 'mute';
    this.#state = 'done';
    this.#leaveTicker();
    if (this.#passthrough !== undefined) {
      if (outcome.kind === 'streamed') this.#passthrough.end();
      else this.#passthrough.cut();
      return;
    }
    if (isMute) return;
    const payload = answerPayload(id, outcome);
    if (this.#stream !== undefined) {
      if (payload !== undefined) this.#stream.send(payload);
      this.#stream.end();
    } else if (outcome.kind === 'message') {
      this.#exchange.respond(
        this.#statusFor(outcome.status),
        this.extraHeaders.length === 0 ? JSON_HEADERS : [...JSON_HEADERS, ...this.extraHeaders],
        payload,
      );
    } else if (outcome.kind === 'error') {
      const { error } = outcome;
      const status = this.#statusFor(error.facts.httpStatus);
      const headers = status < 400 ? JSON_HEADERS : [...JSON_HEADERS, ...refusalHeaders(error)];
      this.#exchange.respond(status, headers, payload);
    } else if (outcome.kind === 'refused') {
      const { error } = outcome;
      this.#exchange.respond(error.facts.httpStatus, [...JSON_HEADERS, ...refusalHeaders(error)], payload);
    }
    // An empty stream gets no id: there is nothing to come back for.
    else this.#exchange.stream(200, EVENT_STREAM_HEADERS).end();
  }

  /** Nothing is answered: ends what has begun. @returns Whether anything had. */
  endStream(): boolean {
    this.#state = 'done';
    this.#leaveTicker();
    this.#stream?.end();
    return this.#stream !== undefined;
  }

  destroy(): void {
    this.#state = 'done';
    this.#leaveTicker();
    if (this.#passthrough !== undefined) this.#passthrough.cut();
    else if (this.#stream !== undefined) this.#stream.destroy();
    else this.#exchange.stream(500, JSON_HEADERS).destroy();
  }

  /**
   * The client is gone: nobody waits for a reader that never comes back.
   *
   * What an event stream still gets is kept for a client that resumes it. Before there is one the client
   * knows no event id to come back with, so the answer is dropped.
   */
  onGone(): void {
    if (this.#state !== 'open' && this.#state !== 'passing') return;
    if (this.#stream?.onGone(this.#exchange) === true) return;
    this.#state = 'mute';
    this.#leaveTicker();
    this.#goOn();
  }

  onTick(nowMs: number): void {
    if (this.#state !== 'open') return;
    const silentMs = nowMs - this.#lastWriteMs;
    if (this.#stream === undefined ? silentMs < HOLD_MS : silentMs < KEEP_ALIVE_MS) return;
    this.#lastWriteMs = nowMs;
    this.#open().keepAlive();
  }

  /** Within a session clients expect errors of requests in a 200; other statuses speak of the transport. */
  #statusFor(status: number): number {
    return this.#events === undefined ? status : 200;
  }

  #writeEvent(text: string): boolean {
    this.#lastWriteMs = this.#ticker.nowMs();
    return this.#open().send(text);
  }

  #open(): ReplyStream {
    this.#stream ??=
      this.#events === undefined
        ? new PlainStream(this.#exchange)
        : this.#events.openStream().attach(this.#exchange);
    return this.#stream;
  }

  readonly #goOn = (): void => {
    const heldBack = this.#heldBack;
    this.#heldBack = [];
    for (const listener of heldBack) listener();
  };

  #leaveTicker(): void {
    if (this.#place === undefined) return;
    this.#ticker.remove(this.#place);
    this.#place = undefined;
  }
}
