import { createSeededRandom } from '../../bench/seeded-random.ts';

/** Chance with a seed: the same seed makes the same choices. */
export class Choices {
  readonly random: () => number;

  /** @param purpose - Each purpose has a sequence of its own, so that one does not disturb another. */
  constructor(seed: number, purpose: string) {
    let mixed = seed >>> 0;
    for (let index = 0; index < purpose.length; index++)
      mixed = Math.imul(mixed ^ purpose.charCodeAt(index), 0x01000193) ^ (mixed >>> 15);
    this.random = createSeededRandom(mixed);
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1));
  }

  /** A time that is often short and sometimes long, around `meanMs`. */
  interval(meanMs: number): number {
    return -Math.log(1 - this.random()) * meanMs;
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.random() * items.length)];
    // Callers have something to pick from.
    if (item === undefined) throw new RangeError('There is nothing to pick from');
    return item;
  }

  /** Some of them, each with the given probability, in their order. */
  some<Item>(items: readonly Item[], probability: number): readonly Item[] {
    return items.filter(() => this.chance(probability));
  }
}
