import type { Clock } from '@omni/ports';

const SLOT_MS = 1_000;

/** How often something has happened in the last seconds, counted by whole seconds. */
export class SlidingCount {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #slots: number[];
  /** The second that was counted last. */
  #last = 0;
  #total = 0;

  /** @param seconds - Of the window, with the one that runs: a whole number, 1 or more. */
  constructor(seconds: number, clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
    this.#slots = Array.from({ length: seconds }, () => 0);
  }

  get total(): number {
    this.#moveOn();
    return this.#total;
  }

  add(): void {
    this.#moveOn();
    const at = this.#last % this.#slots.length;
    this.#slots[at] = (this.#slots[at] ?? 0) + 1;
    this.#total++;
  }

  #moveOn(): void {
    const second = Math.floor(this.#clock.monotonicMs() / SLOT_MS);
    const passed = Math.min(second - this.#last, this.#slots.length);
    for (let back = 0; back < passed; back++) {
      const at = (second - back) % this.#slots.length;
      this.#total -= this.#slots[at] ?? 0;
      this.#slots[at] = 0;
    }
    this.#last = second;
  }
}
