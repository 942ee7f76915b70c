import type { Millis } from '@omni/ports';
import type { RepeatBudget } from './repeat-budget.ts';

export interface CallAttemptsOptions {
  /** Attempts of one call, with the first, repeats and hedges: 1 or more. Default: 3. */
  readonly maxAttempts?: number;
  /** Of the upstream. */
  readonly repeats: RepeatBudget;
  /** Of the upstream. Absent: none are made. */
  readonly hedges?: RepeatBudget | undefined;
}

/** The attempts of one call, which repeats and hedges share. The first one is made by the constructor. */
export class CallAttempts {
  readonly #options: CallAttemptsOptions;
  #made = 1;

  /** @param arrivedMs - Monotonic: when the call came. Default: now. */
  constructor(options: CallAttemptsOptions, arrivedMs?: Millis) {
    this.#options = options;
    options.repeats.onCall(arrivedMs);
    options.hedges?.onCall(arrivedMs);
  }

  get made(): number {
    return this.#made;
  }

  /** Makes a further attempt. @returns Whether there is one left, for this call and for its upstream. */
  add(kind: 'repeat' | 'hedge'): boolean {
    const { maxAttempts = 3, repeats, hedges } = this.#options;
    // guard: repeat/attempts
    if (this.#made >= maxAttempts) return false;
    if ((kind === 'repeat' ? repeats : hedges)?.take() !== true) return false;
    this.#made++;
    return true;
  }
}
