/** Ends one thing. */
export type Disposer = () => void | Promise<void>;

/** What has to be ended, in the order in which it was begun. */
export class ScopeDisposers {
  #disposers = new Set<Disposer>();

  /** @returns Takes it out again: it has been ended otherwise. */
  add(dispose: Disposer): () => void {
    this.#disposers.add(dispose);
    return () => void this.#disposers.delete(dispose);
  }

  /**
   * Runs all, the last first, each after the one before has ended; goes on after a failure.
   *
   * @throws {@link AggregateError} With everything that was thrown.
   */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    const disposers = [...this.#disposers].reverse();
    this.#disposers.clear();
    for (const dispose of disposers) {
      try {
        await dispose();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} parts could not be ended`);
  }
}
