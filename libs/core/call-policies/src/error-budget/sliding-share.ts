import type { Clock, Millis } from '@omni/ports';

/** Parts of the window; one is dropped at a time. */
const PARTS = 10;

/** How many calls there were in the last time, and how many of them failed: exact to a tenth of that time. */
export class SlidingShare {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #partMs: Millis;
  readonly #calls = new Float64Array(PARTS);
  readonly #failures = new Float64Array(PARTS);
  /** The part that was counted last. */
  #last: number;
  #totalCalls = 0;
  #totalFailures = 0;

  constructor(windowMs: Millis, clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
    this.#partMs = windowMs / PARTS;
    this.#last = this.#part();
  }

  get calls(): number {
    this.#moveOn();
    return this.#totalCalls;
  }

  get failures(): number {
    this.#moveOn();
    return this.#totalFailures;
  }

  add(isFailure: boolean): void {
    this.#moveOn();
    const at = this.#last % PARTS;
    this.#calls[at] = (this.#calls[at] ?? 0) + 1;
    this.#totalCalls++;
    if (!isFailure) return;
    this.#failures[at] = (this.#failures[at] ?? 0) + 1;
    this.#totalFailures++;
  }

  #part(): number {
    return Math.floor(this.#clock.monotonicMs() / this.#partMs);
  }

  #moveOn(): void {
    const part = this.#part();
    const passed = Math.min(part - this.#last, PARTS);
    for (let back = 0; back < passed; back++) {
      const at = (part - back) % PARTS;
      this.#totalCalls -= this.#calls[at] ?? 0;
      this.#totalFailures -= this.#failures[at] ?? 0;
      this.#calls[at] = 0;
      this.#failures[at] = 0;
    }
    this.#last = part;
  }
}
