import { type ByteBudget, type ByteReservation, GatheredBytes } from '@omni/ports';

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

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const DIGITS = /^[0-9]+$/;
const NEWLINE = Uint8Array.of(LF);
const ENCODER = new TextEncoder();
const DATA = ENCODER.encode('data');
const EVENT = ENCODER.encode('event');
const ID = ENCODER.encode('id');
const RETRY = ENCODER.encode('retry');
/** What most servers write above their data. */
const USUAL_EVENT = ENCODER.encode('event: message');
const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);
/** Longer names of events mean nothing to anybody here, and longer ids cannot be sent back in a header. */
const MAX_FIELD_BYTES = 4 * 1024;
/** Marks within the stream belong to the data; the one at its beginning is dropped by hand. */
const UTF8 = new TextDecoder('utf-8', { fatal: /* guard: sse/utf8 */ true, ignoreBOM: true });

/**
 * Reads `text/event-stream` from bytes, however they are cut, and keeps nothing of them but the event that is
 * not complete.
 *
 * Invalid UTF-8 in a field ends the stream, where the standard would replace it: data must not change on its
 * way. Ids of more than 4 KiB are ignored.
 *
 * @see WHATWG HTML, "Server-sent events", parsing an event stream.
 */
export class SseParser {
  readonly #sink: SseSink;
  readonly #maxEventBytes: number;
  /** What has come of a line that is not complete. */
  readonly #line = new GatheredBytes();
  #isFirstLine = true;
  /** The last byte was CR: a LF that follows belongs to it. */
  #isAfterCr = false;
  #event = '';
  /**
   * The only line of data so far, while its bytes are at hand anyway: nearly all events have one, and end in
   * the same chunk.
   */
  #value: Uint8Array | undefined;
  /** The data of an event that is not complete. */
  readonly #data = new GatheredBytes();
  #hasData = false;
  #lastId = '';
  #pendingId = '';
  #retryMs: number | undefined;
  readonly #unfinished: ByteReservation | undefined;
  #isClosed = false;

  /** @param budget - For events that are not complete. Default: none is counted. */
  constructor(sink: SseSink, maxEventBytes: number, budget?: ByteBudget) {
    this.#sink = sink;
    this.#maxEventBytes = maxEventBytes;
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

  /** Bytes that are kept of an event that is not complete. */
  get kept(): number {
    return this.#line.kept + this.#data.kept;
  }

  /** @returns What is wrong with the stream; nothing may be pushed afterwards, and it is to be closed. */
  push(chunk: Uint8Array): SseProblem | undefined {
    const problem = this.#read(chunk);
    // Whoever was told an event may have closed it.
    if (problem !== undefined || this.#isClosed) return problem;
    this.#gather();
    return /* guard: sse/room */ this.#unfinished?.hold(this.kept) === false ? 'no-room' : undefined;
  }

  /** Nothing more is pushed: forgets the event that is not complete. */
  close(): void {
    this.#isClosed = true;
    this.#line.clear();
    this.#data.clear();
    this.#value = undefined;
    this.#unfinished?.release();
  }

  #read(chunk: Uint8Array): SseProblem | undefined {
    let from = 0;
    if (this.#isAfterCr && chunk.byteLength > 0) {
      this.#isAfterCr = false;
      if (chunk[0] === LF) from = 1;
    }
    let lf = chunk.indexOf(LF, from);
    let cr = chunk.indexOf(CR, from);
    while (lf >= 0 || cr >= 0) {
      const isCr = cr >= 0 && (lf < 0 || cr < lf);
      const end = isCr ? cr : lf;
      const problem =
        this.#line.length === 0 ? this.#endLine(chunk, from, end) : this.#endHeldLine(chunk, from, end);
      if (problem !== undefined || this.#isClosed) return problem;
      from = end + 1;
      if (isCr) {
        if (from === chunk.byteLength) this.#isAfterCr = true;
        else if (chunk[from] === LF) from++;
        cr = chunk.indexOf(CR, from);
      }
      if (lf >= 0 && lf < from) lf = chunk.indexOf(LF, from);
    }
    // The rest is only gathered: searching it again for every chunk would make long lines quadratic.
    this.#line.add(chunk, from);
    return /* guard: sse/line-size */ this.#line.length + this.#dataBytes > this.#maxEventBytes
      ? 'too-large'
      : undefined;
  }

  #endHeldLine(chunk: Uint8Array, start: number, end: number): SseProblem | undefined {
    this.#line.add(chunk, start, end);
    const line = this.#line.take();
    return this.#endLine(line, 0, line.byteLength);
  }

  #endLine(bytes: Uint8Array, start: number, end: number): SseProblem | undefined {
    let from = start;
    if (this.#isFirstLine) {
      this.#isFirstLine = false;
      if (isAt(bytes, start, Math.min(end, start + BYTE_ORDER_MARK.byteLength), BYTE_ORDER_MARK))
        from += BYTE_ORDER_MARK.byteLength;
    }
    try {
      if (from === end) this.#dispatch();
      else this.#readField(bytes, from, end);
    } catch (error) {
      // The decoder's; that of whoever was told an event is not ours.
      if (error instanceof NotUtf8) return 'not-utf8';
      throw error;
    }
    // guard: sse/event-size
    return this.#dataBytes > this.#maxEventBytes ? 'too-large' : undefined;
  }

  #readField(bytes: Uint8Array, start: number, end: number): void {
    if (bytes[start] === COLON) return;
    let colon = start;
    while (colon < end && bytes[colon] !== COLON) colon++;
    let from = Math.min(colon + 1, end);
    if (from < end && bytes[from] === SPACE) from++;
    if (isAt(bytes, start, colon, DATA)) this.#addData(bytes, from, end);
    else if (isAt(bytes, start, end, USUAL_EVENT)) this.#event = 'message';
    else if (end - start > MAX_FIELD_BYTES) return;
    else if (isAt(bytes, start, colon, EVENT)) this.#event = decoded(bytes.subarray(from, end));
    else if (isAt(bytes, start, colon, ID)) {
      const id = decoded(bytes.subarray(from, end));
      if (!id.includes('\0')) this.#pendingId = id;
    } else if (isAt(bytes, start, colon, RETRY)) {
      const ms = decoded(bytes.subarray(from, end));
      if (DIGITS.test(ms)) this.#retryMs = Number(ms);
    }
  }

  #addData(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#hasData) {
      this.#hasData = true;
      this.#value = bytes.subarray(start, end);
      return;
    }
    this.#gather();
    this.#data.add(NEWLINE);
    this.#data.add(bytes, start, end);
  }

  /** What is to last longer than the bytes at hand. */
  #gather(): void {
    if (this.#value === undefined) return;
    this.#data.add(this.#value);
    this.#value = undefined;
  }

  get #dataBytes(): number {
    return this.#data.length + (this.#value?.byteLength ?? 0);
  }

  #dispatch(): void {
    const event = this.#event === '' ? 'message' : this.#event;
    const hasData = this.#hasData;
    const bytes = this.#value ?? (hasData ? this.#data.take() : undefined);
    this.#event = '';
    this.#value = undefined;
    this.#hasData = false;
    this.#lastId = this.#pendingId;
    if (bytes !== undefined) this.#sink.onEvent({ event, data: decoded(bytes), id: this.#lastId });
  }
}

class NotUtf8 extends Error {}

function decoded(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new NotUtf8('not UTF-8', { cause });
  }
}

/** Whether these bytes, and no more, stand there. */
function isAt(bytes: Uint8Array, start: number, end: number, part: Uint8Array): boolean {
  if (end - start !== part.byteLength) return false;
  for (let index = 0; index < part.byteLength; index++)
    if (bytes[start + index] !== part[index]) return false;
  return true;
}
