/** Which named conditions a run has reached, and how often. */
export class Conditions {
  readonly #reached = new Map<string, number>();

  reach(name: string): void {
    this.#reached.set(name, (this.#reached.get(name) ?? 0) + 1);
  }

  get reached(): ReadonlyMap<string, number> {
    return this.#reached;
  }
}
