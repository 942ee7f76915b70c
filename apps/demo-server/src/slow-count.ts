import { setTimeout as delay } from 'node:timers/promises';

/** How to count. */
export interface SlowCountOptions {
  /** How many steps; 0 counts nothing. */
  readonly steps: number;
  /** Milliseconds of waiting before each step. */
  readonly delayMs: number;
  /** Told after each step, starting with 1; the next step waits for it. */
  readonly onStep: (step: number) => Promise<void> | void;
  /** Stops the count at once, also in the middle of a wait. */
  readonly signal: AbortSignal;
}

/** Counts to `steps`, with a wait before each. Rejects with an `AbortError` once `signal` is aborted. */
export async function slowCount({ steps, delayMs, onStep, signal }: SlowCountOptions): Promise<void> {
  for (let step = 1; step <= steps; step += 1) {
    await delay(delayMs, undefined, { signal });
    await onStep(step);
  }
}
