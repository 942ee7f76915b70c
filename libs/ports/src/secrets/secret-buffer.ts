/** What is shown in place of a secret, whoever prints it. */
const MASK = '***';

/**
 * The bytes of a secret, zeroed when nobody needs them any more. Printed, logged or put into JSON it is
 * `***`.
 *
 * Limits: a text made of it ({@link text}) is a string of JavaScript, which nobody can erase; the runtime may
 * have moved bytes before they were zeroed; what the system has swapped out stays there.
 */
export class SecretBuffer {
  #bytes: Uint8Array | undefined;

  /** @param bytes - Belong to this object from now on. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Of a text, in UTF-8. */
  static of(text: string): SecretBuffer {
    return new SecretBuffer(new TextEncoder().encode(text));
  }

  get isDisposed(): boolean {
    return this.#bytes === undefined;
  }

  /** The bytes themselves, in place; zeros later. @throws TypeError when it was disposed. */
  get bytes(): Uint8Array {
    if (this.#bytes === undefined) throw new TypeError('this secret was disposed');
    return this.#bytes;
  }

  /**
   * As text, in UTF-8.
   *
   * @throws TypeError when it was disposed, or is no UTF-8.
   */
  text(): string {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes);
  }

  /** Another object with the same bytes, which lives on its own. */
  copy(): SecretBuffer {
    // A slice of a Buffer of Node shares its bytes.
    return new SecretBuffer(Uint8Array.from(this.bytes));
  }

  equals(other: SecretBuffer): boolean {
    const [own, others] = [this.bytes, other.bytes];
    if (own.length !== others.length) return false;
    let difference = 0;
    for (const [index, byte] of own.entries()) difference |= byte ^ (others[index] ?? 0);
    return difference === 0;
  }

  /** Overwrites the bytes with zeros. Calling it again does nothing. */
  dispose(): void {
    // guard: secrets/zeroed
    this.#bytes?.fill(0);
    this.#bytes = undefined;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return MASK;
  }
}
