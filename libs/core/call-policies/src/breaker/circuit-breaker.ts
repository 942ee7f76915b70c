import type { Clock, Millis, Random } from '@omni/ports';
import { CircuitState, ExponentialBackoff, type IBackoff, type IBreaker, noJitterGenerator } from 'cockatiel';
import { countingBy, DEFAULT_TRIP_RULE, type TripRule } from './trip-rule.ts';
import type { Culprit } from './whose-failure.ts';

/** `half-open`: the wait is over, and one call at a time tries whether it works again. */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface CircuitBreakerOptions {
  /** When it opens. Default: five failures in a row. */
  readonly tripRule?: TripRule;
  /** From opening to the first trial. Default: 30,000. */
  readonly firstWaitMs?: Millis;
  /** The longest wait for a trial; each is twice as long as the one before. Default: 600,000. */
  readonly maxWaitMs?: Millis;
  /** Largest share of a wait that chance adds to it. Default: 0.1. */
  readonly jitter?: number;
  /** Trials in a row that close it. Default: 1. */
  readonly successesToClose?: number;
  /** Told each change, when it has taken place; `half-open` when the first trial begins. */
  readonly onChange?: (state: BreakerState) => void;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly random: Random;
}

/** Leave for one call, to be settled once; what comes later counts for nothing. */
export interface BreakerPermit {
  /** @param culprit - Only `upstream` and `nobody` decide; after others a trial is as if it had not been. */
  settle(culprit: Culprit): void;
}

type Mode =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly untilMs: number; readonly backoff: IBackoff<unknown> }
  | { readonly kind: 'half-open'; isTaken: boolean; successes: number; readonly backoff: IBackoff<unknown> };

/**
 * The breaker of one replica or one capability. Calls that were let through before a change are not counted
 * after it.
 *
 * What counts and how waits grow is cockatiel's; see decision 0070 for why its policies are not used.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #counting: IBreaker;
  readonly #waits: ExponentialBackoff<unknown>;
  #mode: Mode = { kind: 'closed' };

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
    const { tripRule = DEFAULT_TRIP_RULE, firstWaitMs = 30_000, maxWaitMs = 600_000 } = options;
    this.#counting = countingBy(tripRule);
    this.#waits = new ExponentialBackoff({
      generator: noJitterGenerator,
      initialDelay: firstWaitMs,
      maxDelay: maxWaitMs,
    });
  }

  get state(): BreakerState {
    const mode = this.#mode;
    if (mode.kind !== 'open') return mode.kind;
    return this.#leftMs(mode.untilMs) > 0 ? 'open' : 'half-open';
  }

  /** Milliseconds until a trial may begin; 0 when it is not open. */
  get retryAfterMs(): number {
    return this.#mode.kind === 'open' ? Math.max(0, this.#leftMs(this.#mode.untilMs)) : 0;
  }

  /** Lets a call through, or not: then it is open, or its one trial is under way. */
  admit(): BreakerPermit | undefined {
    const mode = this.#mode;
    if (mode.kind === 'closed') return this.#permit(mode);
    if (mode.kind === 'half-open') return this.#trial(mode);
    // guard: breaker/open
    if (this.#leftMs(mode.untilMs) > 0) return undefined;
    return this.#trial(
      this.#change({ kind: 'half-open', isTaken: false, successes: 0, backoff: mode.backoff }),
    );
  }

  #leftMs(untilMs: number): number {
    return untilMs - this.#options.clock.monotonicMs();
  }

  #trial(mode: Extract<Mode, { kind: 'half-open' }>): BreakerPermit | undefined {
    // guard: breaker/one-trial
    if (mode.isTaken) return undefined;
    mode.isTaken = true;
    return this.#permit(mode);
  }

  #permit(mode: Mode): BreakerPermit {
    let isSettled = false;
    return {
      settle: (culprit) => {
        // guard: breaker/late
        if (isSettled || mode !== this.#mode) return;
        isSettled = true;
        if (mode.kind === 'closed') this.#count(culprit);
        else if (mode.kind === 'half-open') this.#judge(mode, culprit);
      },
    };
  }

  #count(culprit: Culprit): void {
    if (culprit === 'nobody') this.#counting.success(CircuitState.Closed);
    else if (/* guard: breaker/not-upstream */ culprit === 'upstream') {
      if (this.#counting.failure(CircuitState.Closed)) this.#open(this.#waits.next());
    }
  }

  #judge(mode: Extract<Mode, { kind: 'half-open' }>, culprit: Culprit): void {
    // guard: breaker/undecided
    mode.isTaken = false;
    if (culprit === 'upstream') this.#open(mode.backoff.next(undefined));
    else if (culprit === 'nobody' && ++mode.successes >= (this.#options.successesToClose ?? 1)) {
      this.#counting.success(CircuitState.HalfOpen);
      this.#change({ kind: 'closed' });
    }
  }

  /** @param backoff - Its duration is the wait. */
  #open(backoff: IBackoff<unknown>): void {
    const { clock, random, jitter = 0.1 } = this.#options;
    const waitMs = backoff.duration * (1 + jitter * random());
    this.#change({ kind: 'open', untilMs: clock.monotonicMs() + waitMs, backoff });
  }

  #change<To extends Mode>(to: To): To {
    this.#mode = to;
    this.#options.onChange?.(to.kind);
    return to;
  }
}
