import type { Clock, Millis } from '@omni/ports';
import { SlidingCount } from './sliding-count.ts';

export interface RepeatBudgetOptions {
  /** Further attempts for each call. Default: 0.2; hedges do well with 0.05. */
  readonly share?: number;
  /** Further attempts per second that are always allowed. Default: 1. */
  readonly minPerSecond?: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

const WINDOW_S = 10;

/**
 * How many further attempts the calls to one upstream may make together in ten seconds: a share of the calls,
 * so that an upstream that is down is not asked several times as often as one that works.
 */
export class RepeatBudget {
  readonly #share: number;
  readonly #minimum: number;
  readonly #calls: SlidingCount;
  readonly #repeats: SlidingCount;

  constructor({ share = 0.2, minPerSecond = 1, clock }: RepeatBudgetOptions) {
    this.#share = share;
    this.#minimum = minPerSecond * WINDOW_S;
    this.#calls = new SlidingCount(WINDOW_S, clock);
    this.#repeats = new SlidingCount(WINDOW_S, clock);
  }

  /** Counts a call, once for all its attempts. @param arrivedMs - Monotonic. Default: now. */
  onCall(arrivedMs?: Millis): void {
    this.#calls.add(arrivedMs);
  }

  /** Takes a further attempt. @returns Whether there was one left. */
  take(): boolean {
    // guard: repeat/budget
    if (this.#repeats.total + 1 > this.#minimum + this.#share * this.#calls.total) return false;
    this.#repeats.add();
    return true;
  }
}
