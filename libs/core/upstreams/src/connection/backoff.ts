const STEPS_MS = [500, 1_000, 2_000, 5_000, 10_000];
/** Pause once the backoff is climbed. */
const LAST_MS = 30_000;
/** A life of this length makes what came before forgotten. */
const GOOD_LIFE_MS = 60_000;
const MAX_JITTER = 0.1;

/** How long to wait before each new attempt: 500 ms, 1 s, 2 s, 5 s, 10 s, then 30 s, each up to 10 % more. */
export class Backoff {
  readonly #random: () => number;
  #step = 0;

  /** @param random - Uniform in 0 ≤ x < 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#step;
  }

  /** @param livedMs - How long the last attempt worked; 0 when it never did. */
  nextDelayMs(livedMs: number): number {
    if (/* guard: restart/good-life */ livedMs >= GOOD_LIFE_MS) this.#step = 0;
    const base = STEPS_MS[this.#step] ?? LAST_MS;
    // guard: restart/backoff
    this.#step++;
    return base * (1 + MAX_JITTER * this.#random());
  }
}
