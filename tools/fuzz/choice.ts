import { createSeededRandom, type SeededRandom } from '../bench/seeded-random.ts';

/** What a search picks, the same for the same seed. */
export class Choice {
  readonly #next: SeededRandom;

  /** @param seed - 32 bits. */
  constructor(seed: number) {
    this.#next = createSeededRandom(seed);
  }

  /** A whole number from 0 to `bound` − 1; 0 when there is no such number. */
  below(bound: number): number {
    return Math.floor(this.#next() * Math.max(bound, 1));
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)];
  }
}
