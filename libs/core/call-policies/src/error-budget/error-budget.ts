import type { CancelTimer, Clock, Millis } from '@omni/ports';
import { SlidingShare } from './sliding-share.ts';

export interface ErrorBudgetOptions {
  /** Share of the calls that may fail, above 0. */
  readonly share: number;
  readonly windowMs: Millis;
  /** Fewer calls say nothing. */
  readonly minCalls: number;
  /** Told each change. */
  readonly onChange: (isSpent: boolean, state: ErrorBudgetState) => void;
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>;
}

/** What there was in the window. */
export interface ErrorBudgetState {
  readonly calls: number;
  readonly failures: number;
}

/** It is there again when so much of what spent it is left. */
const RESTORED_SHARE = 0.5;
/** How often in a window a spent budget is looked at. */
const LOOKS = 10;

/**
 * How much may fail of what is asked of somebody (S003-RT-11). Spent when more than the share of the calls of
 * a window has failed, and there again when half of the share has: what is at the edge does not flap. Where
 * nobody calls, it is there again when its window is over.
 */
export class ErrorBudget {
  readonly #options: ErrorBudgetOptions;
  readonly #window: SlidingShare;
  #cancelLook: CancelTimer | undefined;

  constructor(options: ErrorBudgetOptions) {
    this.#options = options;
    this.#window = new SlidingShare(options.windowMs, options.clock);
  }

  get isSpent(): boolean {
    return this.#cancelLook !== undefined;
  }

  get state(): ErrorBudgetState {
    const { calls, failures } = this.#window;
    return { calls, failures };
  }

  add(isFailure: boolean): void {
    this.#window.add(isFailure);
    if (!isFailure || this.isSpent) return;
    const { share, minCalls, onChange } = this.#options;
    const { calls, failures } = this.#window;
    if (/* guard: budget/few-calls */ calls < minCalls || failures <= calls * share) return;
    this.#lookLater();
    onChange(true, this.state);
  }

  /** Counts no more: what was spent is there again. */
  forget(): void {
    if (this.#cancelLook === undefined) return;
    this.#cancelLook();
    this.#cancelLook = undefined;
    this.#options.onChange(false, this.state);
  }

  #lookLater(): void {
    const { windowMs, clock } = this.#options;
    this.#cancelLook = clock.after(windowMs / LOOKS, this.#look);
  }

  readonly #look = (): void => {
    const { calls, failures } = this.#window;
    if (/* guard: budget/flapping */ failures > calls * this.#options.share * RESTORED_SHARE)
      return this.#lookLater();
    this.#cancelLook = undefined;
    this.#options.onChange(false, this.state);
  };
}
