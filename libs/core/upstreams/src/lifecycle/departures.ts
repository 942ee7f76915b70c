/** Instances of one server that were told to end. */
export class Departures {
  readonly #leaving = new Set<Promise<void>>();

  /** @param ended - Resolves when it is gone, or was given enough time. */
  add(ended: Promise<unknown>): void {
    const isOver = (): void => void this.#leaving.delete(gone);
    const gone = ended.then(isOver, isOver);
    this.#leaving.add(gone);
  }

  /** Calls it once nobody is leaving any more: at once where nobody is. */
  whenGone(begin: () => void): void {
    if (this.#leaving.size === 0) begin();
    else void this.gone().then(begin);
  }

  async gone(): Promise<void> {
    while (this.#leaving.size > 0) await Promise.all(this.#leaving);
  }
}
