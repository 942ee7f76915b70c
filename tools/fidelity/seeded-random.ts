import { createSeededRandom } from '../bench/seeded-random.ts';

/** What the corpus picks, the same for the same seed. */
export class SeededRandom {
  readonly #next: () => number;

  /** @param seed - 32 bits. */
  constructor(seed: number) {
    this.#next = createSeededRandom(seed);
  }

  /** A whole number from 0 to `bound` − 1. */
  below(bound: number): number {
    return Math.floor(this.#next() * bound);
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }

  digits(count: number): string {
    return Array.from({ length: count }, () => this.below(10)).join('');
  }
}
