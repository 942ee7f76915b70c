/**
 * List answers that were made and may be asked for again; of the least lately asked for, the texts are made
 * anew.
 */
export class ListTexts {
  readonly #maxLength: number;
  readonly #texts = new Map<object, string>();
  #length = 0;

  /** @param maxLength - Of all together, in characters. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  get length(): number {
    return this.#length;
  }

  get(key: object, make: () => string): string {
    const known = this.#texts.get(key);
    if (known !== undefined) {
      this.#texts.delete(key);
      this.#texts.set(key, known);
      return known;
    }
    const text = make();
    this.#texts.set(key, text);
    this.#length += text.length;
    for (const [oldest, { length }] of this.#texts) {
      // guard: list/texts
      if (this.#length <= this.#maxLength) break;
      this.#texts.delete(oldest);
      this.#length -= length;
    }
    return text;
  }

  clear(): void {
    this.#texts.clear();
    this.#length = 0;
  }
}
