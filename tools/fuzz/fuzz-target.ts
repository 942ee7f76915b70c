/** A promise about one part of Omni that is checked for any bytes whatever. */
export interface FuzzTarget {
  readonly name: string;
  /** What is promised, in one sentence. */
  readonly promise: string;
  /** Paths of the files whose coverage guides the search. */
  readonly covers: RegExp;
  /** Where the search begins, besides the corpus. */
  readonly seeds: readonly (string | Uint8Array)[];
  /** Words of the format, put in here and there. */
  readonly dictionary: readonly string[];
  /** Whether inputs are JSON, so that values are changed as values too. */
  readonly isJson: boolean;
  /** Longest input. */
  readonly maxBytes: number;
  /**
   * Checks one input.
   *
   * @returns In a word what became of it; a word that was not heard before makes an input worth keeping, like
   * new coverage.
   * @throws {@link BrokenPromise}, or whatever the code under test throws.
   */
  check(input: Uint8Array): string | Promise<string>;
  /** Gives back what it opened. */
  close?(): Promise<void>;
}

/** The code under test does not do what is promised. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

/**
 * @param what - The same for all inputs that show the same mistake: it tells findings apart.
 * @param detail - Shown with it.
 */
export function promise(isKept: boolean, what: string, detail?: () => string): void {
  if (!isKept) throw new BrokenPromise(detail === undefined ? what : `${what}\n${detail()}`);
}

/** What tells one finding from another: the first line of the message, without numbers and quotations. */
export function findingKey(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return (text.split('\n')[0] ?? '')
    .replaceAll(/"[^"]*"/g, '"…"')
    .replaceAll(/[0-9]+/g, '0')
    .slice(0, 200);
}
