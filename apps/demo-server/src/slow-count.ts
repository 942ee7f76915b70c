import { setTimeout as delay } from 'node:timers/promises';

/** How to count. */
export interface SlowCountOptions {
  /** How many steps; 0 counts nothing. */
  readonly steps: number;
  /** Milliseconds of waiting after each step. */
  readonly delayMs: number;
  /** Told after each step, starting with 1; the next step waits for it. */
  readonly onStep: (step: number) => Promise<void> | void;
  /** Stops the count at once, also in the middle of a wait. */
  readonly signal: AbortSignal;
}

/**
 * Counts to `steps`, with a wait after each, so that the last one is told apart from the end. Rejects with an
 * `AbortError` once `signal` is aborted.
 */
export async function slowCount({ steps, delayMs, onStep, signal }: SlowCountOptions): Promise<void> {
  for (let step = 1; step <= steps; step += 1) {
    signal.throwIfAborted();
    await onStep(step);
    await delay(delayMs, undefined, { signal });
  }
}
