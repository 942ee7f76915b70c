import { RESERVE_PART } from './fair-places.ts';

/**
 * Bytes that sharers divide as they divide {@link FairPlaces}: whoever is alone may have all. When all are
 * taken there is a quarter more, for those who have less than an equal part and no more than is left of it.
 */
export class FairBytes {
  readonly #maxBytes: number;
  readonly #bySharer = new Map<string, number>();
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of all together. */
  get held(): number {
    return this.#held;
  }

  /** Whether this sharer may have so many more. */
  hasRoom(sharer: string, more: number): boolean {
    const held = this.#held + more;
    if (more <= 0 || held <= this.#maxBytes) return true;
    const before = this.#bySharer.get(sharer) ?? 0;
    const own = before + more;
    const sharers = this.#bySharer.size + (before === 0 ? 1 : 0);
    const left = this.#maxBytes * (1 + 1 / RESERVE_PART) - held;
    return /* guard: bytes/few */ own <= left && /* guard: bytes/part */ own <= this.#maxBytes / sharers;
  }

  /** Counts what a sharer has more of, or less. */
  add(sharer: string, more: number): void {
    this.#held += more;
    const own = (this.#bySharer.get(sharer) ?? 0) + more;
    if (own === 0) this.#bySharer.delete(sharer);
    else this.#bySharer.set(sharer, own);
  }
}
