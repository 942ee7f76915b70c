/** Something that is found by its id. */
export interface Numbered {
  readonly id: number;
}

const FIRST_SLOTS = 64;

/**
 * The calls under way on one channel, by their id; ids rise and are never used twice.
 *
 * An array in place of a `Map`, for the reason that {@link LiveList} of `@omni/ports` has.
 */
export class CallTable<Call extends Numbered> {
  /** A power of two of places; a call stands at its id modulo their number. */
  #slots: (Call | undefined)[] = emptySlots(FIRST_SLOTS);
  #nextId: number;
  #size = 0;

  constructor(firstId: number) {
    this.#nextId = firstId;
  }

  get size(): number {
    return this.#size;
  }

  /** The next id whose place is free. */
  nextId(): number {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    let id = this.#nextId;
    while (this.#slots[this.#indexOf(id)] !== undefined) id++;
    this.#nextId = id + 1;
    return id;
  }

  /** @param call - Its id comes from {@link nextId}, with no other call added in between. */
  add(call: Call): void {
    this.#slots[this.#indexOf(call.id)] = call;
    this.#size++;
  }

  get(id: number): Call | undefined {
    const call = this.#slots[this.#indexOf(id)];
    return /* guard: link/late-answer */ call?.id === id ? call : undefined;
  }

  /** @returns Whether the call was there. */
  delete(id: number): boolean {
    if (this.get(id) === undefined) return false;
    this.#slots[this.#indexOf(id)] = undefined;
    this.#size--;
    return true;
  }

  calls(): readonly Call[] {
    return this.#slots.filter((call) => call !== undefined);
  }

  clear(): void {
    this.#slots.fill(undefined);
    this.#size = 0;
  }

  #indexOf(id: number): number {
    return id % this.#slots.length;
  }

  /** Calls that did not share a place share none among twice as many. */
  #grow(): void {
    const calls = this.calls();
    this.#slots = emptySlots(this.#slots.length * 2);
    for (const call of calls) this.#slots[this.#indexOf(call.id)] = call;
  }
}

function emptySlots(length: number): undefined[] {
  return Array.from({ length }, () => undefined);
}
