const ENCODER = new TextEncoder();
/** A server has four lists, and few servers are asked for theirs alone. */
const MAX_KEPT = 16;

/** A list result with the brace that ends the answer around it. */
interface EncodedList {
  readonly text: string;
  readonly bytes: Uint8Array;
}

/**
 * Long lists as they go out. Encoding one for every client that asks costs many times what sending it does,
 * so the bytes are kept while clients ask for the same text.
 */
export class EncodedLists {
  #kept: EncodedList[] = [];

  /** @returns UTF-8 of the result and of the closing brace of the answer. */
  endingWith(result: string): Uint8Array {
    // The catalogue keeps its texts, so the same list is the same string and comparing costs nothing.
    const known = this.#kept.find(({ text }) => text === result);
    if (known !== undefined) return known.bytes;
    const bytes = ENCODER.encode(`${result}}`);
    this.#kept = [...this.#kept.slice(1 - MAX_KEPT), { text: result, bytes }];
    return bytes;
  }
}
