import { releaseBytes } from './release-bytes.ts';

/** Pieces of at least this size may stay as they came. */
const LARGE_BYTES = 16 * 1024;
const SMALLEST_BLOCK_BYTES = 1024;
const BLOCK_BYTES = 64 * 1024;

/**
 * The bytes of one unfinished message, held in few objects whatever the pieces are that it comes in.
 *
 * A piece stays as it came where it is large and most of the buffer that it lies in; every other one is
 * copied, since a thousand pieces of one byte would be a thousand objects, and a few bytes of a buffer keep
 * all of it alive. What is kept is at most twice what came, and one block.
 */
export class GatheredBytes {
  /** Whole pieces, the earlier ones first. */
  #pieces: Uint8Array[] = [];
  /** Where small pieces are gathered, behind {@link #pieces}. */
  #block: Uint8Array | undefined;
  /** Each block is twice as large as the one before, within the limits. */
  #blockBytes = SMALLEST_BLOCK_BYTES / 2;
  #used = 0;
  #length = 0;
  #kept = 0;

  /** Bytes that have come. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that are kept alive for them. */
  get kept(): number {
    return this.#kept;
  }

  /** @param source - Not changed by its owner any more, or copied: the caller cannot know which. */
  add(source: Uint8Array, start = 0, end = source.byteLength): void {
    const bytes = end - start;
    if (bytes === 0) return;
    this.#length += bytes;
    if (/* guard: held/pieces */ isWorthKeeping(bytes, source.buffer.byteLength)) {
      this.#closeBlock();
      this.#pieces.push(bytes === source.byteLength ? source : source.subarray(start, end));
      this.#kept += source.buffer.byteLength;
      return;
    }
    let from = start;
    while (from < end) {
      const block = this.#blockFor(end - from);
      const to = Math.min(end, from + block.byteLength - this.#used);
      // A view costs more than the bytes of a small piece do.
      block.set(to - from === source.byteLength ? source : source.subarray(from, to), this.#used);
      this.#used += to - from;
      from = to;
    }
  }

  /** All of it in order, in few pieces. */
  pieces(): readonly Uint8Array[] {
    this.#closeBlock();
    return this.#pieces;
  }

  /** What is complete in itself, without the last piece, which may still grow. */
  takeAllButLast(): readonly Uint8Array[] {
    if (this.#pieces.length < (this.#block === undefined ? 2 : 1)) return NONE;
    const last = this.#block === undefined ? this.#pieces.pop() : undefined;
    const pieces = this.#pieces;
    this.#pieces = last === undefined ? [] : [last];
    this.#length = (last?.byteLength ?? 0) + this.#used;
    this.#kept = (last?.buffer.byteLength ?? 0) + (this.#block?.byteLength ?? 0);
    return pieces;
  }

  /**
   * All of it in one piece; nothing is held afterwards. The last piece that was added stays as it is, the
   * buffers of others may be given back.
   */
  take(): Uint8Array {
    const length = this.#length;
    const pieces = this.pieces();
    const last = pieces.at(-1);
    this.clear();
    if (last === undefined || pieces.length === 1) return last ?? new Uint8Array(0);
    const all = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.byteLength;
      if (piece !== last) releaseBytes(piece);
    }
    return all;
  }

  clear(): void {
    this.#pieces = [];
    this.#block = undefined;
    this.#used = 0;
    this.#length = 0;
    this.#kept = 0;
    this.#blockBytes = SMALLEST_BLOCK_BYTES / 2;
  }

  #blockFor(bytes: number): Uint8Array {
    if (this.#block !== undefined && this.#used < this.#block.byteLength) return this.#block;
    this.#closeBlock();
    this.#blockBytes = Math.min(BLOCK_BYTES, Math.max(bytes, this.#blockBytes * 2));
    const size = this.#blockBytes;
    this.#kept += size;
    return (this.#block = new Uint8Array(size));
  }

  #closeBlock(): void {
    const block = this.#block;
    if (block === undefined) return;
    const piece =
      this.#used * 2 < block.byteLength ? block.slice(0, this.#used) : block.subarray(0, this.#used);
    this.#kept += piece.buffer.byteLength - block.byteLength;
    this.#pieces.push(piece);
    this.#block = undefined;
    this.#used = 0;
  }
}

function isWorthKeeping(bytes: number, bufferBytes: number): boolean {
  return bytes >= LARGE_BYTES && bytes * 2 >= bufferBytes;
}

const NONE: readonly Uint8Array[] = [];
