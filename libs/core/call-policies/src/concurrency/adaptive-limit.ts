import type { Clock, Millis } from '@omni/ports';

export interface AdaptiveLimitOptions {
  /** The limit is never lower: a whole number, 1 or more. Default: 1. */
  readonly min?: number;
  /** The limit is never higher. Default: 200. */
  readonly max?: number;
  /** Where it begins. Default: 10. */
  readonly initial?: number;
  /** How much longer calls may take than without others before them, as a factor. Default: 1.1. */
  readonly tolerance?: number;
  /** How often the latency without others is measured anew. Default: 30,000. */
  readonly probeEveryMs?: Millis;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/**
 * How a call ended. `answered`: its latency counts. `overloaded`: timeouts, refusals for want of room and
 * failures of the upstream. `ignored`: it says nothing, e.g. a cancelled one.
 */
export type LimitedEnd = 'answered' | 'overloaded' | 'ignored';

/** A call that counts; to be ended once. */
export interface LimitedPlace {
  /** Its answer begins: what is left of it is reading. Default: with its end. */
  answer(): void;
  end(how: LimitedEnd): void;
}

/** Answers that a decision needs, or as many as the limit if that is more. */
const MIN_SAMPLES = 25;
/** The upstream is overloaded when more of a round than this share was. */
const OVERLOADED_SHARE = 0.1;
/** What is left of the limit when calls take too long, and when the upstream is overloaded. */
const DECREASE = 0.9;
const OVERLOAD_DECREASE = 0.7;
/** How much it grows at once, and before it has found the capacity for the first time. */
const INCREASE = 1.05;
const FIRST_INCREASE = 1.5;
/** The limit is in use when at least this share of it was taken. */
const USED_SHARE = 0.8;
/** What is left of the limit for each step of a probe. */
const PROBE_STEP = 0.5;
/** The part of a lower latency by which the one without others follows it. */
const BASELINE_WEIGHT = 0.2;

/** A look at how long calls take without others before them. */
interface Probe {
  /** What is left of the limit. */
  readonly share: number;
  /** How long calls took one step before; `undefined` at the first step. */
  readonly beforeMs: Millis | undefined;
}

/**
 * How many calls an upstream can work on at the same time, found out by how long they take: slow increase,
 * multiplicative decrease (AIMD), once for each round of answers.
 *
 * At first and from time to time it probes: half of the limit is left unused for a round, and half of the
 * rest for another one, until calls are as fast as they were, or get no faster.
 */
export class AdaptiveLimit {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #min: number;
  readonly #max: number;
  readonly #tolerance: number;
  readonly #probeEveryMs: Millis;
  /** Exact; the limit is its whole part. */
  #exact: number;
  #inFlight = 0;
  #isFound = false;
  /** How long calls take without others; `undefined` before the first round. */
  #baselineMs: Millis | undefined;
  #nextProbeMs: number;
  #probe: Probe | undefined = { share: 1, beforeMs: undefined };
  #round = newRound();

  constructor(options: AdaptiveLimitOptions) {
    const { min = 1, max = 200, initial = 10, tolerance = 1.1, probeEveryMs = 30_000, clock } = options;
    this.#clock = clock;
    this.#min = min;
    this.#max = max;
    this.#tolerance = tolerance;
    this.#probeEveryMs = probeEveryMs;
    this.#exact = Math.min(max, Math.max(min, initial));
    this.#nextProbeMs = clock.monotonicMs() + probeEveryMs;
  }

  /** Calls that may be under way. */
  get limit(): number {
    return /* guard: concurrency/min */ Math.max(
      this.#min,
      Math.floor(this.#exact * (this.#probe?.share ?? 1)),
    );
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** A call begins. Who lets calls go heeds {@link limit}. */
  begin(): LimitedPlace {
    this.#inFlight++;
    const round = this.#round;
    round.used = Math.max(round.used, this.#inFlight / this.limit);
    const beganMs = this.#clock.monotonicMs();
    let isOver = false;
    let tookMs: Millis | undefined;
    const ageMs = (): Millis => this.#clock.monotonicMs() - beganMs;
    return {
      answer: () => (tookMs ??= ageMs()),
      end: (how) => {
        if (isOver) return;
        isOver = true;
        this.#inFlight--;
        // Calls of before were sent under another limit.
        if (round === this.#round) this.#onEnd(how, tookMs ?? ageMs());
      },
    };
  }

  #onEnd(how: LimitedEnd, ms: Millis): void {
    const round = this.#round;
    if (how === 'overloaded') round.overloaded++;
    else if (how === 'answered') {
      round.answered++;
      round.sumMs += ms;
    }
    if (round.answered + round.overloaded >= Math.max(MIN_SAMPLES, this.limit)) this.#decide();
  }

  #decide(): void {
    const { answered, overloaded, sumMs, used } = this.#round;
    const meanMs = answered === 0 ? undefined : sumMs / answered;
    const isLimiting = used >= USED_SHARE;
    const isOverloaded = overloaded > (answered + overloaded) * OVERLOADED_SHARE;
    if (/* guard: concurrency/overloaded */ isOverloaded) this.#reduce(OVERLOAD_DECREASE);
    else if (meanMs !== undefined) this.#compare(meanMs, isLimiting);
    this.#begin();
  }

  #compare(meanMs: Millis, isLimiting: boolean): void {
    const baselineMs = this.#baselineMs ?? meanMs;
    if (this.#probe !== undefined) this.#step(this.#probe, meanMs);
    else if (meanMs > baselineMs * this.#tolerance) this.#reduce(DECREASE);
    else {
      if (meanMs < baselineMs) this.#baselineMs = baselineMs + (meanMs - baselineMs) * BASELINE_WEIGHT;
      // guard: concurrency/unused
      if (!isLimiting) return;
      this.#raise();
    }
  }

  #step({ share, beforeMs }: Probe, meanMs: Millis): void {
    const isAsBefore = this.#baselineMs !== undefined && this.#isNear(meanMs, this.#baselineMs);
    const isNoFaster = beforeMs !== undefined && meanMs * this.#tolerance >= beforeMs;
    if (isAsBefore || isNoFaster || this.limit === this.#min) {
      this.#baselineMs = meanMs;
      this.#probe = undefined;
      // What the last step but one allowed was not too much.
      if (beforeMs !== undefined) this.#exact = Math.max(this.#min, (this.#exact * share) / PROBE_STEP);
    } else this.#probe = { share: share * PROBE_STEP, beforeMs: meanMs };
  }

  #isNear(oneMs: Millis, otherMs: Millis): boolean {
    return Math.max(oneMs, otherMs) <= Math.min(oneMs, otherMs) * this.#tolerance;
  }

  #raise(): void {
    const factor = this.#isFound ? INCREASE : FIRST_INCREASE;
    this.#exact = /* guard: concurrency/max */ Math.min(
      this.#max,
      Math.max(this.#exact + 1, this.#exact * factor),
    );
  }

  #reduce(factor: number): void {
    this.#isFound = true;
    this.#exact = Math.max(this.#min, this.#exact * factor);
  }

  /** The next round; calls of this one do not count any more. */
  #begin(): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#probe === undefined && nowMs >= this.#nextProbeMs) {
      this.#nextProbeMs = nowMs + this.#probeEveryMs;
      this.#probe = { share: PROBE_STEP, beforeMs: undefined };
    }
    this.#round = newRound();
  }
}

function newRound(): { answered: number; overloaded: number; sumMs: Millis; used: number } {
  return { answered: 0, overloaded: 0, sumMs: 0, used: 0 };
}
