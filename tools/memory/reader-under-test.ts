import type { CountedByteBudget } from '@omni/ports';
import type { Cut } from './cuts.ts';

/** A reader and how it is fed with input that does not end. */
export interface ReaderUnderTest {
  readonly name: string;
  /**
   * @param budget - Where the reader counts.
   * @returns What keeps the reader, and with it what it holds, alive.
   */
  feed(cut: Cut, budget: CountedByteBudget): unknown;
}

/** What one reader has grown by, and what it has counted of that. */
export interface Growth {
  readonly reader: string;
  readonly cut: string;
  readonly grownBytes: number;
  readonly countedBytes: number;
}

/** Buffers with the pieces of a cut, which repeat `text`. */
export function* buffersOf(cut: Cut, text: string): Generator<Uint8Array> {
  const pattern = Buffer.from(text);
  let at = 0;
  for (const { bytes, bufferBytes } of cut.pieces) {
    const buffer = new Uint8Array(bufferBytes);
    for (let index = 0; index < bytes; index++) buffer[index] = pattern[at++ % pattern.length] ?? 0;
    yield buffer.subarray(0, bytes);
  }
}
