/** Room for bytes that many hold together. */
export interface ByteBudget {
  /** For one more holder, which holds nothing yet. */
  share(): ByteReservation;
}

/** Room for bytes that sharers divide, so that none takes it from the others. */
export interface FairByteBudget {
  /**
   * The budget as one of them has it.
   *
   * @param sharer - An upstream by its name, or a client: see `sharerOf`.
   */
  of(sharer: string): ByteBudget;
}

/** What one holder has of a {@link ByteBudget}. Whoever holds lets go in the end, however it ends. */
export interface ByteReservation {
  /**
   * @param bytes - All that is held from now on; small amounts may count as none.
   * @returns Whether there is room for it; if not, what was held before still counts.
   */
  hold(bytes: number): boolean;
  /** Nothing is held any more. */
  release(): void;
}
