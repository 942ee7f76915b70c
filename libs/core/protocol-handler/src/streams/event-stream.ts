import type { Exchange, Payload, ResponseStream } from '@omni/ports';
import type { ReplyStream } from './reply-stream.ts';
import { EVENT_STREAM_HEADERS, KEEP_ALIVE_COMMENT, writeEvent, writePrimingEvent } from './sse-text.ts';

/** The connection on which a stream is heard at the moment. */
interface Attachment {
  readonly exchange: Exchange;
  readonly response: ResponseStream;
}

/** An event as it is kept. */
export interface KeptMessage {
  /** Position in its stream, counted from 1. */
  readonly seq: number;
  readonly message: Payload;
}

/** Keeps the events of streams for clients that come back. */
export interface EventStore {
  /** Whether streams begin with an event that has an id and no data. */
  readonly isPriming: boolean;
  keep(stream: EventStream, seq: number, message: Payload): void;
  /** Events of one stream behind a position, oldest first. */
  after(stream: EventStream, seq: number): readonly KeptMessage[];
  /** Nothing more comes on this stream. */
  onEnded(stream: EventStream): void;
}

/**
 * One stream of a legacy session, which outlives its connections: each event has an id, and a client that
 * lost its connection goes on behind the last id it has seen.
 *
 * @see MCP 2025-11-25, basic/transports, "Resumability and Redelivery".
 */
export class EventStream implements ReplyStream {
  /** Unique in the session. */
  readonly number: number;
  /** How many of its events are kept; counted by its {@link EventStore}. */
  keptCount = 0;
  readonly #events: EventStore;
  #attachment: Attachment | undefined;
  #onDrain: (() => void) | undefined;
  #lastSeq = 0;
  #isEnded = false;

  constructor(events: EventStore, number: number) {
    this.#events = events;
    this.number = number;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get isAttached(): boolean {
    return this.#attachment !== undefined;
  }

  /** Position of the newest event; 0 before the first. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  get backlogBytes(): number {
    return this.#attachment?.response.backlogBytes ?? 0;
  }

  /** Begins to be heard. */
  attach(exchange: Exchange): this {
    const response = this.#connect(exchange);
    if (this.#events.isPriming) writePrimingEvent(response, this.#idOf(this.#lastSeq));
    return this;
  }

  /**
   * Goes on behind an event, on another connection; the one before is cut, if the server still believes in
   * it.
   *
   * Events that are not kept any more are left out.
   */
  resume(exchange: Exchange, seq: number): void {
    const response = this.#connect(exchange);
    for (const event of this.#events.after(this, seq))
      writeEvent(response, event.message, this.#idOf(event.seq));
    if (this.#isEnded) this.#close();
  }

  send(message: Payload): boolean {
    const seq = ++this.#lastSeq;
    this.#events.keep(this, seq, message);
    return this.#attachment === undefined || writeEvent(this.#attachment.response, message, this.#idOf(seq));
  }

  keepAlive(): void {
    this.#attachment?.response.write(KEEP_ALIVE_COMMENT);
  }

  onDrain(listener: () => void): void {
    const response = this.#attachment?.response;
    if (response === undefined) return listener();
    this.#onDrain = listener;
    response.onDrain(() => {
      if (this.#attachment?.response === response) this.#drained();
    });
  }

  end(): void {
    this.#isEnded = true;
    this.#close();
    this.#events.onEnded(this);
  }

  destroy(): void {
    this.cut();
    this.end();
  }

  onGone(exchange: Exchange): boolean {
    if (this.#attachment?.exchange === exchange) this.#detach();
    return true;
  }

  /** Gives up a client that does not read. */
  cut(): void {
    const response = this.#attachment?.response;
    this.#detach();
    response?.destroy();
  }

  #connect(exchange: Exchange): ResponseStream {
    this.cut();
    const response = exchange.stream(200, EVENT_STREAM_HEADERS);
    this.#attachment = { exchange, response };
    return response;
  }

  #close(): void {
    const response = this.#attachment?.response;
    this.#detach();
    response?.end();
  }

  #detach(): void {
    this.#attachment = undefined;
    this.#drained();
  }

  #drained(): void {
    const listener = this.#onDrain;
    this.#onDrain = undefined;
    listener?.();
  }

  #idOf(seq: number): string {
    return `s${this.number}-${seq}`;
  }
}
