import type { Millis, Random } from '@omni/ports';

const STEPS_MS = [500, 1_000, 2_000, 5_000, 10_000];
/** Pause once the backoff is climbed. */
export const LAST_STEP_MS = 30_000;
/** A life of this length makes what came before forgotten. */
const GOOD_LIFE_MS = 60_000;
const MAX_JITTER = 0.1;

/** How far a backoff is climbed: plain data. */
export interface BackoffRecord {
  /** Failures in a row. */
  readonly failures: number;
}

/** Nothing has failed. */
export const NO_FAILURES: BackoffRecord = { failures: 0 };

/** A record after one more failure, and the wait that follows it. */
export interface BackoffStep {
  readonly record: BackoffRecord;
  readonly delayMs: Millis;
}

/**
 * How long to wait before the next attempt: 500 ms, 1 s, 2 s, 5 s, 10 s, then 30 s, each up to 10 % more.
 *
 * @param livedMs - How long the last attempt worked; 0 when it never did.
 * @param random - Uniform in 0 ≤ x < 1.
 */
export function backoffStep(record: BackoffRecord, livedMs: Millis, random: number): BackoffStep {
  let { failures } = record;
  if (/* guard: restart/good-life */ livedMs >= GOOD_LIFE_MS) failures = 0;
  const base = STEPS_MS[failures] ?? LAST_STEP_MS;
  // guard: restart/backoff
  failures++;
  return { record: { failures }, delayMs: base * (1 + MAX_JITTER * random) };
}

/** A backoff that belongs to one connection or subscription, and ends with it. */
export class Backoff {
  readonly #random: Random;
  #record = NO_FAILURES;

  constructor(random: Random) {
    this.#random = random;
  }

  /** @param livedMs - How long the last attempt worked; 0 when it never did. */
  nextDelayMs(livedMs: Millis): Millis {
    const { record, delayMs } = backoffStep(this.#record, livedMs, this.#random());
    this.#record = record;
    return delayMs;
  }
}
