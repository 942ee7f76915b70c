/** Lines that are kept to be shown. */
const MAX_LINES = 400;

/** What happened, in order: a hash of everything, and the last lines in words. */
export class Trace {
  readonly #nowMs: () => number;
  readonly #lines: string[] = [];
  readonly #keepsAll: boolean;
  #low = 0x811c9dc5;
  #high = 0x9e3779b9;

  /** @param keepsAll - Whether all lines are kept, for somebody who wants to read them. */
  constructor(nowMs: () => number, keepsAll: boolean) {
    this.#nowMs = nowMs;
    this.#keepsAll = keepsAll;
  }

  note(what: string): void {
    const line = `${(this.#nowMs() / 1_000).toFixed(3)} ${what}`;
    for (let index = 0; index < line.length; index++) {
      const code = line.charCodeAt(index);
      this.#low = Math.imul(this.#low ^ code, 0x01000193);
      this.#high = Math.imul(this.#high ^ code, 0x85ebca6b) + this.#low;
    }
    this.#lines.push(line);
    if (!this.#keepsAll && this.#lines.length > MAX_LINES * 2) this.#lines.splice(0, MAX_LINES);
  }

  /** Equal for equal traces. */
  get hash(): string {
    return [this.#high, this.#low].map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('');
  }

  get lines(): readonly string[] {
    return this.#keepsAll ? this.#lines : this.#lines.slice(-MAX_LINES);
  }
}
