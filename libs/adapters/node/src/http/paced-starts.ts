/** Begun in one turn of the event loop; the rest begins in the turns that follow. */
const PER_TURN = 16;

/**
 * Begins in each turn of the event loop no more than a share of what has come. Where all of it began at once,
 * everything that runs would be held in memory at the same time, and others would wait for all of it.
 */
export class PacedStarts<Item> {
  readonly #begin: (item: Item) => void;
  #waiting: Item[] = [];
  #left = PER_TURN;
  #isScheduled = false;

  constructor(begin: (item: Item) => void) {
    this.#begin = begin;
  }

  /** Begins with it now, or in a later turn, in the order in which they have come. */
  add(item: Item): void {
    // guard: http/paced
    if (this.#left === 0) {
      this.#waiting.push(item);
      return;
    }
    this.#left -= 1;
    this.#schedule();
    this.#begin(item);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(nextTurn, this);
  }

  /** Called by {@link nextTurn}. */
  onTurn(): void {
    this.#isScheduled = false;
    const next = this.#waiting.length <= PER_TURN ? this.#waiting : this.#waiting.slice(0, PER_TURN);
    this.#waiting = next === this.#waiting ? [] : this.#waiting.slice(PER_TURN);
    this.#left = PER_TURN - next.length;
    if (next.length > 0) this.#schedule();
    for (const item of next) this.#begin(item);
  }
}

function nextTurn(starts: { onTurn(): void }): void {
  starts.onTurn();
}
