import type { ByteBudget, ByteReservation } from './byte-budget.ts';

/** So little is not counted: nearly all messages are shorter. */
export const UNCOUNTED_BYTES = 4 * 1024;
/** So much is counted, and refused to nobody: short messages go on when long ones have filled the budget. */
const NEVER_REFUSED_BYTES = 64 * 1024;

/**
 * A budget of so many bytes. What a holder has of up to 4 KiB counts as nothing, and up to 64 KiB there is
 * room for it always.
 */
export class CountedByteBudget implements ByteBudget {
  readonly #maxBytes: number;
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that all hold together. */
  get held(): number {
    return this.#held;
  }

  share(): ByteReservation {
    return new Share(this);
  }

  /** @returns Whether there is room for `bytes` in place of `held`; less than before always fits. */
  exchange(held: number, bytes: number): boolean {
    if (bytes > held && bytes > NEVER_REFUSED_BYTES && this.#held - held + bytes > this.#maxBytes)
      return false;
    this.#held += bytes - held;
    return true;
  }
}

class Share implements ByteReservation {
  readonly #budget: CountedByteBudget;
  #counted = 0;

  constructor(budget: CountedByteBudget) {
    this.#budget = budget;
  }

  hold(bytes: number): boolean {
    const counted = bytes > UNCOUNTED_BYTES ? bytes : 0;
    if (counted === this.#counted) return true;
    if (!this.#budget.exchange(this.#counted, counted)) return false;
    this.#counted = counted;
    return true;
  }

  release(): void {
    this.hold(0);
  }
}
