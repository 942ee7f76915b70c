import type { ByteBudget, ByteReservation } from '@omni/ports';

/** One event of an event stream. */
export interface SseEvent {
  /** `message` unless the stream says otherwise. */
  readonly event: string;
  readonly data: string;
  /** The last id seen so far; empty when there was none. */
  readonly id: string;
}

export type SseProblem = 'too-large' | 'no-room' | 'not-utf8';

/** Takes the events of a {@link SseParser}. */
export interface SseSink {
  onEvent(event: SseEvent): void;
}

const DIGITS = /^[0-9]+$/;

/**
 * Reads `text/event-stream` from bytes, however they are cut.
 *
 * Invalid UTF-8 ends the stream, where the standard would replace it: data must not change on its way.
 *
 * @see WHATWG HTML, "Server-sent events", parsing an event stream.
 */
export class SseParser {
  readonly #sink: SseSink;
  readonly #maxEventChars: number;
  /** Drops a byte order mark at the beginning, and keeps characters whole. */
  readonly #decoder = new TextDecoder('utf-8', { fatal: /* guard: sse/utf8 */ true });
  #line = '';
  /** The last character was CR: a LF that follows belongs to it. */
  #isAfterCr = false;
  #event = '';
  #data = '';
  #hasData = false;
  #lastId = '';
  #pendingId = '';
  #retryMs: number | undefined;
  readonly #unfinished: ByteReservation | undefined;
  #isClosed = false;

  /** @param budget - For events that are not complete; a character counts as a byte. Default: none is counted. */
  constructor(sink: SseSink, maxEventChars: number, budget?: ByteBudget) {
    this.#sink = sink;
    this.#maxEventChars = maxEventChars;
    this.#unfinished = budget?.share();
  }

  /** The id to resume behind; events without data count. */
  get lastEventId(): string {
    return this.#lastId;
  }

  /** How long the stream asks to wait before a reconnect. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /** @returns What is wrong with the stream; nothing may be pushed afterwards, and it is to be closed. */
  push(chunk: Uint8Array): SseProblem | undefined {
    const problem = this.#read(chunk);
    // Whoever was told an event may have closed it.
    if (problem !== undefined || this.#isClosed) return problem;
    return /* guard: sse/room */ this.#unfinished?.hold(this.#line.length + this.#data.length) === false
      ? 'no-room'
      : undefined;
  }

  /** Nothing more is pushed: forgets the event that is not complete. */
  close(): void {
    this.#isClosed = true;
    this.#line = '';
    this.#data = '';
    this.#unfinished?.release();
  }

  #read(chunk: Uint8Array): SseProblem | undefined {
    let text: string;
    try {
      text = this.#decoder.decode(chunk, { stream: true });
    } catch {
      return 'not-utf8';
    }
    let from = 0;
    if (text !== '' && this.#isAfterCr) {
      this.#isAfterCr = false;
      if (text.charCodeAt(0) === 0x0a) from = 1;
    }
    let lf = text.indexOf('\n', from);
    let cr = text.indexOf('\r', from);
    while (lf >= 0 || cr >= 0) {
      const isCr = cr >= 0 && (lf < 0 || cr < lf);
      const end = isCr ? cr : lf;
      this.#endLine(this.#line === '' ? text.slice(from, end) : this.#line + text.slice(from, end));
      this.#line = '';
      // guard: sse/event-size
      if (this.#data.length > this.#maxEventChars) return 'too-large';
      from = end + 1;
      if (isCr) {
        if (from === text.length) this.#isAfterCr = true;
        else if (text.charCodeAt(from) === 0x0a) from++;
        cr = text.indexOf('\r', from);
      }
      if (lf >= 0 && lf < from) lf = text.indexOf('\n', from);
    }
    // The rest is only joined: searching it again for every chunk would make long lines quadratic.
    this.#line += text.slice(from);
    return /* guard: sse/line-size */ this.#line.length + this.#data.length > this.#maxEventChars
      ? 'too-large'
      : undefined;
  }

  #endLine(line: string): void {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1);
    switch (name) {
      case 'data':
        this.#data = this.#hasData ? `${this.#data}\n${value}` : value;
        this.#hasData = true;
        break;
      case 'event':
        this.#event = value;
        break;
      case 'id':
        if (!value.includes('\0')) this.#pendingId = value;
        break;
      case 'retry':
        if (DIGITS.test(value)) this.#retryMs = Number(value);
        break;
    }
  }

  #dispatch(): void {
    const event = this.#event === '' ? 'message' : this.#event;
    const data = this.#data;
    const hasData = this.#hasData;
    this.#event = '';
    this.#data = '';
    this.#hasData = false;
    this.#lastId = this.#pendingId;
    if (hasData) this.#sink.onEvent({ event, data, id: this.#lastId });
  }
}
