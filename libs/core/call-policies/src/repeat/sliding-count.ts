import type { Clock, Millis } from '@omni/ports';

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

  /** @param atMs - Monotonic: when it happened; what is told late counts as of now. Default: now. */
  add(atMs?: Millis): void {
    this.#moveOn(atMs);
    const at = this.#last % this.#slots.length;
    this.#slots[at] = (this.#slots[at] ?? 0) + 1;
    this.#total++;
  }

  #moveOn(nowMs = this.#clock.monotonicMs()): void {
    const second = Math.max(this.#last, Math.floor(nowMs / SLOT_MS));
    const passed = Math.min(second - this.#last, this.#slots.length);
    for (let back = 0; back < passed; back++) {
      const at = (second - back) % this.#slots.length;
      this.#total -= this.#slots[at] ?? 0;
      this.#slots[at] = 0;
    }
    this.#last = second;
  }
}
