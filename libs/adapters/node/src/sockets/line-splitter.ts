import { isUtf8 } from 'node:buffer';
import {
  type ByteBudget,
  type ByteReservation,
  type ChannelListener,
  type FramingError,
  GatheredBytes,
} from '@omni/ports';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const BYTE_ORDER_MARK = 0xfeff;

/**
 * Turns bytes into lines of text (MCP, basic/transports, "stdio": messages are delimited by newlines).
 *
 * Blank lines, carriage returns before the newline and byte order marks are dropped. A line that is not UTF-8
 * or longer than the limit is reported and skipped, as is one that finds no room; reading goes on behind it.
 * At most one line is held.
 */
export class LineSplitter {
  readonly #sink: Pick<ChannelListener, 'onMessage' | 'onFramingError'>;
  readonly #maxBytes: number;
  readonly #held = new GatheredBytes();
  readonly #room: ByteReservation | undefined;
  /** The rest of the current line is dropped: it was too long, or found no room. */
  #isSkipping = false;

  /** @param budget - For a line that is not complete. Default: none is counted. */
  constructor(
    sink: Pick<ChannelListener, 'onMessage' | 'onFramingError'>,
    maxBytes: number,
    budget?: ByteBudget,
  ) {
    this.#sink = sink;
    this.#room = budget?.share();
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    let end = chunk.indexOf(NEWLINE);
    if (end === -1) {
      this.#hold(chunk, 0, chunk.length);
      return;
    }
    let start = 0;
    if (this.#isSkipping || this.#held.length > 0) {
      this.#hold(chunk, 0, end);
      this.end();
      start = end + 1;
      end = chunk.indexOf(NEWLINE, start);
    }
    if (end !== -1) {
      // One check for all whole lines; only when it fails each is checked alone.
      const isValid = isUtf8(chunk.subarray(start, chunk.lastIndexOf(NEWLINE)));
      while (end !== -1) {
        this.#emit(chunk, start, end, isValid);
        start = end + 1;
        end = chunk.indexOf(NEWLINE, start);
      }
    }
    if (start < chunk.length) this.#hold(chunk, start, chunk.length);
  }

  /** Delivers a last line without a newline. */
  end(): void {
    const bytes = this.#held.take();
    this.drop();
    if (!this.#isSkipping && bytes.byteLength > 0) {
      const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#emit(line, 0, line.length, false);
    }
    this.#isSkipping = false;
  }

  /** Forgets what has come of a line. */
  drop(): void {
    this.#held.clear();
    this.#room?.release();
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    if (this.#isSkipping || start === end) return;
    // One byte more than the limit: it may be the carriage return.
    // guard: line/size
    if (this.#held.length + end - start > this.#maxBytes + 1) {
      this.#skip({ kind: 'oversize', limitBytes: this.#maxBytes });
      return;
    }
    this.#held.add(chunk, start, end);
    // guard: line/room
    if (this.#room?.hold(this.#held.kept) === false) this.#skip({ kind: 'no-room' });
  }

  #skip(problem: FramingError): void {
    this.#isSkipping = true;
    this.drop();
    this.#sink.onFramingError(problem);
  }

  #emit(bytes: Buffer, start: number, lineEnd: number, isValid: boolean): void {
    const end = lineEnd > start && bytes[lineEnd - 1] === RETURN ? lineEnd - 1 : lineEnd;
    if (end === start) return;
    // guard: line/size-of-whole
    if (end - start > this.#maxBytes) {
      this.#sink.onFramingError({ kind: 'oversize', limitBytes: this.#maxBytes });
      return;
    }
    // guard: line/utf8
    if (!isValid && !isUtf8(bytes.subarray(start, end))) {
      this.#sink.onFramingError({ kind: 'not-utf8' });
      return;
    }
    let text = bytes.toString('utf8', start, end);
    if (text.charCodeAt(0) === BYTE_ORDER_MARK) text = text.slice(1);
    if (text === '' || (text.charCodeAt(0) <= SPACE && text.trim() === '')) return;
    this.#sink.onMessage(text);
  }
}
