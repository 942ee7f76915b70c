import type { ByteBudget, ByteReservation, FairByteBudget } from '@omni/ports';

/** A budget that counts every byte, and is whoever's comes first. */
export class SmallBudget implements ByteBudget, FairByteBudget {
  readonly #maxBytes: number;
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that all hold together: 0 at the end of a test shows that everybody has let go. */
  get held(): number {
    return this.#held;
  }

  of(): ByteBudget {
    return this;
  }

  share(): ByteReservation {
    let own = 0;
    const hold = (bytes: number): boolean => {
      if (bytes > own && this.#held - own + bytes > this.#maxBytes) return false;
      this.#held += bytes - own;
      own = bytes;
      return true;
    };
    return { hold, release: () => void hold(0) };
  }
}
