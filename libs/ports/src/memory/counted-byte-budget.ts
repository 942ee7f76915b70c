import { FairBytes } from '../sharing/fair-bytes.ts';
import type { ByteBudget, ByteReservation, FairByteBudget } from './byte-budget.ts';

/** So little is not counted: nearly all messages are shorter. */
export const UNCOUNTED_BYTES = 4 * 1024;
/** So much is counted, and refused to nobody: short messages go on when long ones have filled the budget. */
const NEVER_REFUSED_BYTES = 64 * 1024;

/**
 * A budget of so many bytes, which sharers divide as {@link FairBytes}. What a holder has of up to 4 KiB
 * counts as nothing, and up to 64 KiB there is room for it always.
 */
export class CountedByteBudget implements FairByteBudget {
  readonly #bytes: FairBytes;

  constructor(maxBytes: number) {
    this.#bytes = new FairBytes(maxBytes);
  }

  /** Bytes that all hold together. */
  get held(): number {
    return this.#bytes.held;
  }

  of(sharer: string): ByteBudget {
    return { share: () => new Share(this.#bytes, sharer) };
  }
}

class Share implements ByteReservation {
  readonly #bytes: FairBytes;
  readonly #sharer: string;
  #counted = 0;

  constructor(bytes: FairBytes, sharer: string) {
    this.#bytes = bytes;
    this.#sharer = sharer;
  }

  hold(bytes: number): boolean {
    const counted = bytes > UNCOUNTED_BYTES ? bytes : 0;
    const more = counted - this.#counted;
    if (more === 0) return true;
    if (counted > NEVER_REFUSED_BYTES && !this.#bytes.hasRoom(this.#sharer, more)) return false;
    this.#bytes.add(this.#sharer, more);
    this.#counted = counted;
    return true;
  }

  release(): void {
    this.hold(0);
  }
}
