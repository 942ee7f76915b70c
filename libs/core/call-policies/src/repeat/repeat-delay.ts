import type { GatewayError, Millis, Random } from '@omni/ports';

/** Waits between attempts. */
export interface RepeatDelays {
  /** The longest wait before the second attempt. Default: 250. */
  readonly baseMs: Millis;
  /** How much longer each further one is. Default: 2. */
  readonly factor: number;
  /** The longest of all, without what a server asks for. Default: 4,000. */
  readonly capMs: Millis;
}

export const DEFAULT_REPEAT_DELAYS: RepeatDelays = { baseMs: 250, factor: 2, capMs: 4_000 };

export interface RepeatDelayQuestion {
  /** The attempts that have been made: 1 or more. */
  readonly attempts: number;
  /** Of the call's deadline. */
  readonly leftMs: Millis;
  /** What the server asks for, see {@link retryAfterMsOf}; absent where it does not. */
  readonly retryAfterMs?: Millis | undefined;
  readonly random: Random;
}

/**
 * How long to wait for the next attempt, with full jitter: anything from nothing to the longest wait. What
 * the server asks for comes before that.
 *
 * @returns `undefined` when the deadline is over by then: there is no use in waiting.
 */
export function repeatDelayMs(
  { attempts, leftMs, retryAfterMs = 0, random }: RepeatDelayQuestion,
  { baseMs, factor, capMs }: RepeatDelays = DEFAULT_REPEAT_DELAYS,
): Millis | undefined {
  const jitteredMs = random() * Math.min(capMs, baseMs * factor ** (attempts - 1));
  const delayMs = /* guard: repeat/retry-after */ retryAfterMs + jitteredMs;
  return /* guard: repeat/deadline */ delayMs < leftMs ? delayMs : undefined;
}

/** What an upstream's failure says of when to come back; `undefined` when it says nothing of use. */
export function retryAfterMsOf({ data }: GatewayError): Millis | undefined {
  const seconds = data?.['retryAfterSeconds'];
  return typeof seconds === 'number' && seconds >= 0 ? seconds * 1_000 : undefined;
}
