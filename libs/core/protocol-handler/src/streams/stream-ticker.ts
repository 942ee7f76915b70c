import { type Clock, LiveList, type Place } from '@omni/ports';

/** Something that wants to look at the time now and then. */
export interface Ticking {
  /** Comes once more when the member was removed by another one in the same tick. */
  onTick(nowMs: number): void;
}

const TICK_MS = 1000;

/** One timer for everything that waits or keeps alive; it runs only while something is registered. */
export class StreamTicker {
  readonly #clock: Clock;
  readonly #members = new LiveList<Ticking>();
  #isRunning = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** @returns What {@link remove} takes. */
  add(member: Ticking): Place<Ticking> {
    if (!this.#isRunning) this.#schedule();
    return this.#members.add(member);
  }

  remove(place: Place<Ticking>): void {
    this.#members.remove(place);
  }

  readonly #tick = (): void => {
    this.#isRunning = false;
    const now = this.#clock.monotonicMs();
    for (const member of this.#members.items()) member.onTick(now);
    if (this.#members.size > 0 && !this.#isRunning) this.#schedule();
  };

  #schedule(): void {
    this.#isRunning = true;
    this.#clock.after(TICK_MS, this.#tick);
  }
}
