import { Buffer } from 'node:buffer';

const HEAD_END = '\r\n\r\n';
const LINE_END = '\r\n';
const MAX_HEAD_BYTES = 65_536;
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
const CHUNKED = /\r\ntransfer-encoding:[^\r]*chunked/i;

/**
 * Called once per message: the head without its last empty line, and the body in the chunks in which it
 * arrived.
 */
export type OnHttpMessage = (head: string, body: readonly Buffer[]) => void;

type Phase = 'head' | 'sized-body' | 'chunk-size' | 'chunk-data' | 'trailer';

/**
 * Cuts a byte stream into HTTP/1.1 messages, at the lowest cost that Node allows. It knows `Content-Length`
 * and `chunked` (RFC 9112, sections 6 and 7.1); a message with neither has no body. Throws `RangeError` for a
 * head beyond 64 KiB or a chunk size that is no number.
 */
export class HttpMessageReader {
  readonly #onMessage: OnHttpMessage;
  #phase: Phase = 'head';
  #rest: Buffer | undefined;
  #head = '';
  #chunks: Buffer[] = [];
  #remaining = 0;

  constructor(onMessage: OnHttpMessage) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    const data = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    let offset = 0;
    while (offset < data.length) {
      const next = this.#step(data, offset);
      if (next === undefined) {
        this.#keep(data, offset);
        return;
      }
      offset = next;
    }
  }

  /** Consumes what it can at `offset`; `undefined` when a line is not complete yet. */
  #step(data: Buffer, offset: number): number | undefined {
    switch (this.#phase) {
      case 'head':
        return this.#readHead(data, offset);
      case 'sized-body':
        return this.#readSized(data, offset);
      case 'chunk-size':
        return this.#readChunkSize(data, offset);
      case 'chunk-data':
        return this.#readChunkData(data, offset);
      case 'trailer':
        return this.#readTrailer(data, offset);
    }
  }

  #readHead(data: Buffer, offset: number): number | undefined {
    const end = data.indexOf(HEAD_END, offset, 'latin1');
    if (end === -1) return undefined;
    this.#head = data.toString('latin1', offset, end);
    const length = CONTENT_LENGTH.exec(this.#head);
    if (length !== null) {
      this.#remaining = Number(length[1]);
      this.#phase = 'sized-body';
      if (this.#remaining === 0) this.#emit();
    } else if (CHUNKED.test(this.#head)) {
      this.#phase = 'chunk-size';
    } else {
      this.#emit();
    }
    return end + HEAD_END.length;
  }

  #readSized(data: Buffer, offset: number): number {
    const end = this.#take(data, offset);
    if (this.#remaining === 0) this.#emit();
    return end;
  }

  #readChunkSize(data: Buffer, offset: number): number | undefined {
    const end = data.indexOf(LINE_END, offset, 'latin1');
    if (end === -1) return undefined;
    const size = Number.parseInt(data.toString('latin1', offset, end), 16);
    if (Number.isNaN(size)) throw new RangeError('a chunk size is no hexadecimal number');
    this.#remaining = size;
    this.#phase = size === 0 ? 'trailer' : 'chunk-data';
    return end + LINE_END.length;
  }

  #readChunkData(data: Buffer, offset: number): number | undefined {
    if (this.#remaining > 0) return this.#take(data, offset);
    if (data.length - offset < LINE_END.length) return undefined;
    this.#phase = 'chunk-size';
    return offset + LINE_END.length;
  }

  #readTrailer(data: Buffer, offset: number): number | undefined {
    const end = data.indexOf(LINE_END, offset, 'latin1');
    if (end === -1) return undefined;
    if (end === offset) this.#emit();
    return end + LINE_END.length;
  }

  #take(data: Buffer, offset: number): number {
    const end = Math.min(data.length, offset + this.#remaining);
    this.#chunks.push(data.subarray(offset, end));
    this.#remaining -= end - offset;
    return end;
  }

  #keep(data: Buffer, offset: number): void {
    if (data.length - offset > MAX_HEAD_BYTES) throw new RangeError('an HTTP head or line exceeds 64 KiB');
    this.#rest = data.subarray(offset);
  }

  #emit(): void {
    const body = this.#chunks;
    this.#chunks = [];
    this.#phase = 'head';
    this.#onMessage(this.#head, body);
  }
}
