/** Text in which `*` stands for any text, the empty one too; everything else is taken as it is. */
export class Pattern {
  readonly text: string;
  readonly #first: string;
  /** Absent where there is no `*`. */
  readonly #last: string | undefined;
  readonly #between: readonly string[];

  constructor(text: string) {
    this.text = text;
    const [first = '', ...rest] = text.split('*');
    this.#first = first;
    this.#last = rest.pop();
    this.#between = rest.filter((part) => part !== '');
  }

  /** Takes time in proportion to both lengths. */
  fits(name: string): boolean {
    const first = this.#first;
    const last = this.#last;
    if (last === undefined) return name === first;
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
      return false;
    let at = first.length;
    for (const part of this.#between) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= name.length - last.length;
  }

  /** Whether it fits everything that the other one fits: its `*` alone can stand for a `*`. */
  covers(other: Pattern): boolean {
    return this.fits(other.text);
  }
}
