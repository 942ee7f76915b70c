/** A connection with what its client has not read. */
export interface UnreadHolder {
  /** Whose it is, see `sharerOf`. */
  readonly sharer: string;
  /** Bytes that wait in this process at the moment. */
  readonly unreadBytes: number;
  /** Ends it: its bytes are gone, now or soon. */
  cut(): void;
}

/**
 * One budget for all answers that clients have not read yet, whatever way they are connected.
 *
 * When it is exceeded, whoever holds most loses: of the sharer with the most bytes the connection with the
 * most. Nobody else notices.
 */
export class UnreadAnswers {
  readonly #maxBytes: number;
  /** With what each had when it was last looked at. */
  readonly #holders = new Map<UnreadHolder, number>();
  #total = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of all of them, as far as is known: what was read since the last look is still in it. */
  get total(): number {
    return this.#total;
  }

  /** Something was written to the connection of which the system has not taken all. */
  note(holder: UnreadHolder): void {
    this.#look(holder);
    if (this.#total <= this.#maxBytes) return;
    // Much of it may have been read meanwhile.
    for (const known of [...this.#holders.keys()]) this.#look(known);
    // guard: unread/budget
    while (this.#total > this.#maxBytes) this.#cutLargest();
  }

  /** The connection is gone. */
  forget(holder: UnreadHolder): void {
    this.#total -= this.#holders.get(holder) ?? 0;
    this.#holders.delete(holder);
  }

  #look(holder: UnreadHolder): void {
    const bytes = holder.unreadBytes;
    this.#total += bytes - (this.#holders.get(holder) ?? 0);
    if (bytes === 0) this.#holders.delete(holder);
    else this.#holders.set(holder, bytes);
  }

  #cutLargest(): void {
    const bySharer = new Map<string, number>();
    for (const [{ sharer }, bytes] of this.#holders)
      bySharer.set(sharer, (bySharer.get(sharer) ?? 0) + bytes);
    const most = /* guard: unread/fair */ largestOf(bySharer);
    const own = [...this.#holders].filter(([{ sharer }]) => sharer === most);
    const largest = largestOf(new Map(own));
    if (largest === undefined) return;
    this.forget(largest);
    largest.cut();
  }
}

function largestOf<Key>(sizes: ReadonlyMap<Key, number>): Key | undefined {
  let largest: Key | undefined;
  let most = -1;
  for (const [key, size] of sizes) {
    if (size <= most) continue;
    largest = key;
    most = size;
  }
  return largest;
}
