import type { StoredList } from '@omni/ports';

/** Lists that are to be stored: the newest of each kind counts, and one is under way at a time. */
export class ListShelf {
  readonly #send: (list: StoredList) => void;
  readonly #waiting = new Map<string, StoredList>();
  #underWay: StoredList | undefined;
  #isOpen = false;

  constructor(send: (list: StoredList) => void) {
    this.#send = send;
  }

  put(list: StoredList): void {
    this.#waiting.set(keyOf(list), list);
    this.#sendNext();
  }

  opened(): void {
    this.#isOpen = true;
    this.#sendNext();
  }

  lost(): void {
    this.#isOpen = false;
    this.#putBack();
  }

  /** The store can be written again. */
  retry(): void {
    this.#sendNext();
  }

  /** @param isSaved - One that is not waits for {@link retry}. */
  answered(isSaved: boolean): void {
    if (isSaved) this.#underWay = undefined;
    else this.#putBack();
    if (isSaved) this.#sendNext();
  }

  #putBack(): void {
    const list = this.#underWay;
    this.#underWay = undefined;
    if (list !== undefined && !this.#waiting.has(keyOf(list))) this.#waiting.set(keyOf(list), list);
  }

  #sendNext(): void {
    if (!this.#isOpen || this.#underWay !== undefined) return;
    for (const [key, list] of this.#waiting) {
      this.#waiting.delete(key);
      this.#underWay = list;
      this.#send(list);
      return;
    }
  }
}

function keyOf({ upstream, kind }: StoredList): string {
  return `${kind} ${upstream}`;
}
