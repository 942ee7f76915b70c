const HEADER_BYTES = 8;
const MAX_BYTES = 65_536;

/** What a search tries just now, where another thread can see it. */
export class CurrentInput {
  readonly #numbers: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(shared: SharedArrayBuffer) {
    this.#numbers = new Int32Array(shared, 0, 2);
    this.#bytes = new Uint8Array(shared, HEADER_BYTES);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(HEADER_BYTES + MAX_BYTES);
  }

  /** How many inputs have been tried; goes round after 2^31. */
  get count(): number {
    return Atomics.load(this.#numbers, 0);
  }

  set(input: Uint8Array): void {
    const length = Math.min(input.length, MAX_BYTES);
    this.#bytes.set(input.subarray(0, length));
    Atomics.store(this.#numbers, 1, length);
    Atomics.add(this.#numbers, 0, 1);
  }

  get(): Uint8Array {
    return this.#bytes.slice(0, Atomics.load(this.#numbers, 1));
  }
}
