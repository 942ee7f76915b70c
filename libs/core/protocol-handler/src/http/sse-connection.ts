import type {
  ChannelListener,
  Exchange,
  HeaderList,
  MessageChannel,
  Place,
  ResponseStream,
} from '@omni/ports';
import { EVENT_STREAM_HEADERS, KEEP_ALIVE_COMMENT, writeEvent } from '../streams/sse-text.ts';
import type { StreamTicker, Ticking } from '../streams/stream-ticker.ts';

const KEEP_ALIVE_MS = 15_000;
/**
 * Behind this much unread output a client is given up; several of the longest answers may come at the same
 * moment.
 */
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;

/** Told what a client posts, and what some server may be told of the headers of that post. */
export interface PostListener extends ChannelListener {
  onMessage(text: string, forwardable?: HeaderList): void;
}

export interface SseConnectionOptions {
  readonly exchange: Exchange;
  /** Where the client posts its messages: a path with a query. */
  readonly endpoint: string;
  readonly ticker: StreamTicker;
  readonly listener: PostListener;
}

/**
 * A client of the transport HTTP+SSE as a channel: messages to it are events of one stream, messages of it
 * are posted.
 *
 * @see MCP 2024-11-05, basic/transports, "HTTP with SSE".
 */
export class SseConnection implements MessageChannel, Ticking {
  readonly #listener: PostListener;
  readonly #ticker: StreamTicker;
  readonly #stream: ResponseStream;
  readonly #place: Place<Ticking>;
  #lastWriteMs: number;
  #isClosed = false;

  constructor({ exchange, endpoint, ticker, listener }: SseConnectionOptions) {
    this.#listener = listener;
    this.#ticker = ticker;
    this.#stream = exchange.stream(200, EVENT_STREAM_HEADERS);
    this.#stream.write(`event: endpoint\ndata: ${endpoint}\n\n`);
    this.#lastWriteMs = ticker.nowMs();
    this.#place = ticker.add(this);
  }

  /** Hands on what the client has posted. */
  receive(text: string, forwardable: HeaderList | undefined): void {
    if (!this.#isClosed) this.#listener.onMessage(text, forwardable);
  }

  send(text: string): boolean {
    if (this.#isClosed || /* guard: sse/slow-reader */ this.#stream.backlogBytes > MAX_BACKLOG_BYTES)
      return false;
    this.#lastWriteMs = this.#ticker.nowMs();
    writeEvent(this.#stream, text);
    return true;
  }

  close(): Promise<void> {
    // A client that does not read would not read to the end either.
    if (this.#stream.backlogBytes > MAX_BACKLOG_BYTES) this.#stream.destroy();
    else this.#stream.end();
    this.leave();
    return Promise.resolve();
  }

  /** The client is gone. */
  leave(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#ticker.remove(this.#place);
    this.#listener.onClose(undefined);
  }

  onTick(nowMs: number): void {
    if (nowMs - this.#lastWriteMs < KEEP_ALIVE_MS) return;
    this.#lastWriteMs = nowMs;
    this.#stream.write(KEEP_ALIVE_COMMENT);
  }
}
