import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  type BrotliDecompress,
  type Gunzip,
  type Inflate,
  type InflateRaw,
} from 'node:zlib';

/** What {@link UnpackedBody} understands, for `Accept-Encoding`. */
export const ACCEPTED_CODINGS = 'gzip, deflate, br';

type Unpacker = Gunzip | Inflate | InflateRaw | BrotliDecompress;
type Coding = 'gzip' | 'deflate' | 'br';

/** Beyond so much it is looked at how much came of how little. */
const UNSUSPECTED_BYTES = 64 * 1024 * 1024;
/** Text is packed to a tenth, rarely to a hundredth; what is made to harm, to a thousandth and less. */
const MAX_RATIO = 100;

/** Told what is unpacked, like the listener of an answer. */
export interface UnpackedSink {
  onUnpacked(chunk: Uint8Array): void;
  onUnpackedEnd(): void;
  /** @param isTooMuch - Whether far more comes out than went in, rather than nothing that can be read. */
  onBroken(cause: Error | undefined, isTooMuch: boolean): void;
  /** Takes so much that reading has to wait, or no more. */
  onFull(isFull: boolean): void;
}

/**
 * The coding of a body by its `Content-Encoding`.
 *
 * @returns `undefined` for none, `unknown` for one, or several on top of each other, that Omni has not
 * offered.
 */
export function codingOf(header: string): Coding | 'unknown' | undefined {
  switch (header.trim().toLowerCase()) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return 'gzip';
    case 'deflate':
      return 'deflate';
    case 'br':
      return 'br';
    default:
      return 'unknown';
  }
}

/** Unpacks a body as it comes (RFC 9110, 8.4.1). Events of a stream come out when their bytes are there. */
export class UnpackedBody {
  readonly #coding: Coding;
  readonly #sink: UnpackedSink;
  #unpacker: Unpacker | undefined;
  #packedBytes = 0;
  #bytes = 0;
  #isPaused = false;
  #isOver = false;

  constructor(coding: Coding, sink: UnpackedSink) {
    this.#coding = coding;
    this.#sink = sink;
  }

  push(chunk: Uint8Array): void {
    if (this.#isOver || chunk.byteLength === 0) return;
    this.#unpacker ??= this.#start(chunk);
    this.#packedBytes += chunk.byteLength;
    if (!this.#unpacker.write(chunk)) this.#sink.onFull(true);
  }

  end(): void {
    if (this.#isOver) return;
    // Nothing is nothing in every coding.
    if (this.#unpacker !== undefined) this.#unpacker.end();
    else {
      this.#isOver = true;
      this.#sink.onUnpackedEnd();
    }
  }

  pause(): void {
    this.#isPaused = true;
    this.#unpacker?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#unpacker?.resume();
  }

  stop(): void {
    this.#isOver = true;
    this.#unpacker?.destroy();
  }

  #start(first: Uint8Array): Unpacker {
    const unpacker = unpackerOf(this.#coding, first);
    unpacker.on('data', (chunk: Buffer) => {
      if (this.#isOver) return;
      this.#bytes += chunk.byteLength;
      // guard: outgoing/unpacked
      if (this.#bytes > UNSUSPECTED_BYTES && this.#bytes > this.#packedBytes * MAX_RATIO)
        return this.#break(undefined, true);
      this.#sink.onUnpacked(chunk);
    });
    unpacker.on('drain', () => this.#sink.onFull(false));
    unpacker.on('end', () => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#sink.onUnpackedEnd();
    });
    unpacker.on('error', (error) => this.#break(error, false));
    if (this.#isPaused) unpacker.pause();
    return unpacker;
  }

  #break(cause: Error | undefined, isTooMuch: boolean): void {
    if (this.#isOver) return;
    this.stop();
    this.#sink.onBroken(cause, isTooMuch);
  }
}

function unpackerOf(coding: Coding, first: Uint8Array): Unpacker {
  switch (coding) {
    case 'gzip':
      return createGunzip();
    case 'br':
      return createBrotliDecompress();
    case 'deflate':
      // Many send it without the envelope that belongs around it (RFC 9110, 8.4.1.2): its first byte ends
      // with 8.
      return ((first[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw();
  }
}
