import type { Exchange, Payload, ResponseStream } from '@omni/ports';
import { PassthroughBody } from './passthrough-body.ts';
import { EVENT_STREAM_HEADERS, KEEP_ALIVE_COMMENT, writeEvent } from './sse-text.ts';

/** The event stream of one answer, as the one who writes it sees it. */
export interface ReplyStream {
  /** Bytes written that the client has not read; 0 when no client is connected. */
  readonly backlogBytes: number;
  /**
   * @returns `false` when the client reads slowly: stop writing until {@link onDrain} fires. The message is
   * taken either way.
   */
  send(message: Payload): boolean;
  /** Shows everybody in between that the stream lives. */
  keepAlive(): void;
  /** Called once, when the backlog or the client is gone. */
  onDrain(listener: () => void): void;
  end(): void;
  /** Breaks off for good: what was sent must not look complete. */
  destroy(): void;
  /** The client of this exchange is gone. @returns Whether what is sent from now on is kept for it. */
  onGone(exchange: Exchange): boolean;
}

/** A stream that lives and dies with its connection: the modern era knows no other. */
export class PlainStream implements ReplyStream {
  readonly #response: ResponseStream;

  constructor(exchange: Exchange) {
    this.#response = exchange.stream(200, EVENT_STREAM_HEADERS);
  }

  get backlogBytes(): number {
    return this.#response.backlogBytes;
  }

  send(message: Payload): boolean {
    return writeEvent(this.#response, message);
  }

  /** Begins a last event whose data come in chunks. */
  passThrough(isKept: boolean): PassthroughBody {
    return new PassthroughBody(this.#response, { isEvent: true, isKept });
  }

  keepAlive(): void {
    this.#response.write(KEEP_ALIVE_COMMENT);
  }

  onDrain(listener: () => void): void {
    this.#response.onDrain(listener);
  }

  end(): void {
    this.#response.end();
  }

  destroy(): void {
    this.#response.destroy();
  }

  onGone(): boolean {
    return false;
  }
}
