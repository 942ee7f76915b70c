import type { Exchange, Place } from '@omni/ports';
import type { EventStream } from './event-stream.ts';
import type { SessionEvents } from './session-events.ts';
import type { StreamTicker, Ticking } from './stream-ticker.ts';

const KEEP_ALIVE_MS = 15_000;
/** What waits while nobody listens: at most so many messages, and so many characters. */
const MAX_WAITING = 100;
const MAX_WAITING_LENGTH = 1024 * 1024;
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
  readonly #stream: EventStream;
  #place: Place<Ticking> | undefined;
  #waiting: string[] = [];
  #waitingLength = 0;
  #lastWriteMs = 0;

  constructor(ticker: StreamTicker, events: SessionEvents) {
    this.#ticker = ticker;
    this.#stream = events.openStream();
  }

  get isOpen(): boolean {
    return this.#stream.isAttached;
  }

  /** Whether an event belongs to this stream. */
  owns(stream: EventStream): boolean {
    return stream === this.#stream;
  }

  /**
   * Opens it, in place of the connection that has it, if there is one.
   *
   * @param afterSeq - Position behind which the client goes on; without it only what nobody was sent is sent.
   */
  open(exchange: Exchange, afterSeq?: number): void {
    this.#leaveTicker();
    if (afterSeq === undefined) this.#stream.attach(exchange);
    else this.#stream.resume(exchange, afterSeq);
    this.#lastWriteMs = this.#ticker.nowMs();
    this.#place = this.#ticker.add(this);
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingLength = 0;
    for (const text of waiting) this.send(text);
    exchange.onGone(() => {
      const wasOpen = this.isOpen;
      this.#stream.onGone(exchange);
      if (wasOpen && !this.isOpen) this.#leaveTicker();
    });
  }

  /** When nobody listens right now the message waits, unless newer ones push it out. */
  send(text: string): void {
    if (!this.sendNow(text)) this.#wait(text);
  }

  /**
   * Sends now or not at all: what belongs to a call is stale when it is over, and a question that waits for a
   * stream would only time out.
   */
  sendNow(text: string): boolean {
    // guard: stream/slow-reader
    if (this.#stream.backlogBytes > MAX_BACKLOG_BYTES) {
      this.#stream.cut();
      this.#leaveTicker();
    }
    if (!this.isOpen) /* guard: question/no-stream */ return false;
    this.#lastWriteMs = this.#ticker.nowMs();
    this.#stream.send(text);
    return true;
  }

  destroy(): void {
    this.#stream.cut();
    this.#leaveTicker();
  }

  /** The session is over; its streams are ended by {@link SessionEvents.release}. */
  end(): void {
    this.#leaveTicker();
    this.#waiting = [];
  }

  onTick(nowMs: number): void {
    if (nowMs - this.#lastWriteMs < KEEP_ALIVE_MS) return;
    this.#lastWriteMs = nowMs;
    this.#stream.keepAlive();
  }

  #wait(text: string): void {
    this.#waiting.push(text);
    this.#waitingLength += text.length;
    while (
      /* guard: stream/waiting-count */ this.#waiting.length > MAX_WAITING ||
      /* guard: stream/waiting-length */ this.#waitingLength > MAX_WAITING_LENGTH
    ) {
      this.#waitingLength -= this.#waiting.shift()?.length ?? 0;
    }
  }

  #leaveTicker(): void {
    if (this.#place !== undefined) this.#ticker.remove(this.#place);
    this.#place = undefined;
  }
}
