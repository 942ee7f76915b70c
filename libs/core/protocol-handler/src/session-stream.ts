import type { Exchange, ResponseStream } from '@omni/ports';
import type { Place } from '@omni/wire';
import { EVENT_STREAM_HEADERS, KEEP_ALIVE_COMMENT, writeEvent } from './sse-text.ts';
import type { StreamTicker, Ticking } from './stream-ticker.ts';

const KEEP_ALIVE_MS = 15_000;
const MAX_WAITING = 100;
/** A client that reads this far behind is given up; it may open the stream again. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

/**
 * The standalone GET stream of a legacy HTTP session: what belongs to no request goes here.
 *
 * While no stream is open the newest messages wait for it.
 *
 * @see MCP 2025-11-25, basic/transports, "Listening for Messages from the Server".
 */
export class SessionStream implements Ticking {
  readonly #ticker: StreamTicker;
  #place: Place<Ticking> | undefined;
  #stream: ResponseStream | undefined;
  #onClosed: () => void = () => {};
  #waiting: string[] = [];
  #lastWriteMs = 0;

  constructor(ticker: StreamTicker) {
    this.#ticker = ticker;
  }

  get isOpen(): boolean {
    return this.#stream !== undefined;
  }

  /** @param onClosed - Called when the client leaves or is given up. */
  open(exchange: Exchange, onClosed: () => void): void {
    const stream = exchange.stream(200, EVENT_STREAM_HEADERS);
    this.#stream = stream;
    this.#onClosed = onClosed;
    this.#lastWriteMs = this.#ticker.nowMs();
    this.#place = this.#ticker.add(this);
    exchange.onGone(() => {
      if (this.#stream !== stream) return;
      this.#detach();
      onClosed();
    });
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const text of waiting) this.send(text);
  }

  /** @returns `false` when nobody listens right now; the message waits unless newer ones push it out. */
  send(text: string): boolean {
    if (this.#stream !== undefined && this.#stream.backlogBytes > MAX_BACKLOG_BYTES) {
      this.#stream.destroy();
      this.#detach();
      this.#onClosed();
    }
    if (this.#stream === undefined) {
      this.#waiting.push(text);
      if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
      return false;
    }
    this.#lastWriteMs = this.#ticker.nowMs();
    writeEvent(this.#stream, text);
    return true;
  }

  /** Sends now or not at all: a question that waits for a stream would only time out. */
  sendNow(text: string): boolean {
    return this.#stream !== undefined && this.send(text);
  }

  end(): void {
    this.#stream?.end();
    this.#detach();
    this.#waiting = [];
  }

  onTick(nowMs: number): void {
    if (nowMs - this.#lastWriteMs < KEEP_ALIVE_MS) return;
    this.#lastWriteMs = nowMs;
    this.#stream?.write(KEEP_ALIVE_COMMENT);
  }

  #detach(): void {
    this.#stream = undefined;
    if (this.#place !== undefined) this.#ticker.remove(this.#place);
  }
}
