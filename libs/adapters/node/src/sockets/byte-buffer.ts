/** Above this a buffer is given back when it is emptied. */
const KEEP_BYTES = 65_536;
const FIRST_BYTES = 4_096;
const EMPTY = Buffer.alloc(0);

/**
 * Bytes gathered from many chunks in one block that doubles as it fills, so that a thousand one-byte chunks cost a
 * thousand bytes and not a thousand objects.
 */
export class ByteBuffer {
  readonly #maxBytes: number;
  #block: Buffer = EMPTY;
  #length = 0;

  /** @param maxBytes - The block never grows beyond this; the caller sees to it that what it appends fits. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#length;
  }

  append(source: Uint8Array, start: number, end: number): void {
    const needed = this.#length + end - start;
    if (needed > this.#block.length) this.#grow(needed);
    this.#block.set(source.subarray(start, end), this.#length);
    this.#length = needed;
  }

  /** What was appended; valid until the next call of any method. */
  view(): Buffer {
    return this.#block.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    if (this.#block.length > KEEP_BYTES) this.#block = EMPTY;
  }

  #grow(needed: number): void {
    const size = Math.max(needed, Math.min(this.#maxBytes, Math.max(FIRST_BYTES, this.#block.length * 2)));
    // Not from the pool: a slice of it would keep the whole pool alive.
    const block = Buffer.allocUnsafeSlow(size);
    block.set(this.view());
    this.#block = block;
  }
}
