import type { ByteBudget, ByteReservation } from './byte-budget.ts';

/** Up to this a message costs nobody room and is not counted: nearly all are shorter. */
const FREE_BYTES = 64 * 1024;

/** A budget of so many bytes. What a holder has of up to 64 KiB counts as nothing. */
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
    if (bytes > held && this.#held - held + bytes > this.#maxBytes) return false;
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
    const counted = bytes > FREE_BYTES ? bytes : 0;
    if (counted === this.#counted) return true;
    if (!this.#budget.exchange(this.#counted, counted)) return false;
    this.#counted = counted;
    return true;
  }

  release(): void {
    this.hold(0);
  }
}
