import type { UpstreamEvent } from '@omni/model';

/** The numbers of the requirements, written down once more: they must not follow the code. */
const STEPS_MS = [500, 1_000, 2_000, 5_000, 10_000];
const JITTER = 0.1;
const THRESHOLD = 5;
const FIRST_TRIAL_MS = 30_000;
const LONGEST_WAIT_MS = 600_000;
const DISABLE_MS = 1_800_000;
const STABLE_MS = 300_000;
const FLAPS = 6;
const SOFT_MISSES = 3;
const GRACE_MS = 30_000;

type ReferencePhase =
  'stopped' | 'asleep' | 'starting' | 'ready' | 'login' | 'down' | 'misconfigured' | 'draining' | 'disabled';

/** What the requirements say of an upstream at one time; a time is an interval where chance may add to it. */
export interface ReferenceView {
  readonly phase: ReferencePhase;
  readonly failures: number;
  readonly isTrial: boolean;
  readonly isListed: boolean;
  readonly misses: number;
  readonly circuit: 'failures' | 'flapping' | null;
  /** The next attempt, as the earliest and the latest time. */
  readonly attempt: readonly [number, number] | null;
}

type Next = 'stopped' | 'asleep' | 'starting' | { readonly disabledBy: string };

/**
 * The life of one upstream as the requirements tell it (3.5, R-01, R-04, R-23, R-36), with the default
 * numbers: a bookkeeper, which reads events and knows what must follow. It shares no code with the life
 * cycle.
 */
export class ReferenceLife {
  #phase: ReferencePhase;
  #since: number;
  #failures = 0;
  /** The next step of the backoff. */
  #step = 0;
  /** Waits of the open circuit, one longer than the other. */
  #waits = 0;
  #falls: number[] = [];
  #circuit: 'failures' | 'flapping' | null = null;
  #isTrial = false;
  #isListed = false;
  #misses = 0;
  #attempt: [number, number] | null = null;
  /** Downtime so far, and since when more of it passes. */
  #downMs: number | null = null;
  #downSince: number | null = null;
  #next: Next = 'stopped';
  #disabledBy = '';

  constructor(disabledBy: string | undefined, now: number) {
    this.#phase = disabledBy === undefined ? 'stopped' : 'disabled';
    this.#disabledBy = disabledBy ?? '';
    this.#since = now;
  }

  get view(): ReferenceView {
    return {
      phase: this.#phase,
      failures: this.#failures,
      isTrial: this.#isTrial && (this.#phase === 'starting' || this.#phase === 'ready'),
      isListed: this.#isListed && this.#phase === 'ready',
      misses: this.#phase === 'ready' ? this.#misses : 0,
      circuit: this.#phase === 'down' ? this.#circuit : null,
      attempt: this.#phase === 'down' ? this.#attempt : null,
    };
  }

  /** What has become of an attempt's time is known exactly once it was chosen. */
  settleAttempt(at: number): void {
    if (this.#attempt !== null) this.#attempt = [at, at];
  }

  tell(event: UpstreamEvent, now: number): void {
    switch (event.kind) {
      case 'started':
        if (this.#phase === 'stopped') this.#go(event.isAsleep === true ? 'asleep' : 'starting', now);
        else if (this.#phase === 'draining' && this.#next === 'stopped') this.#next = 'starting';
        return;
      case 'connected':
        return this.#connected(now);
      case 'listed':
        if (this.#phase === 'ready' && !this.#isListed) this.#well(now);
        return;
      case 'connectFailed':
        if (this.#phase === 'starting') this.#attemptFailed(event, now);
        return;
      case 'connectionLost':
        return this.#lost(event, now);
      case 'probed':
        this.#misses = 0;
        return;
      case 'probeMissed':
        return this.#missed(event.isBusy, now);
      case 'due':
        return this.#due(now);
      case 'renewed':
      case 'retried':
        if (['down', 'login', 'misconfigured'].includes(this.#phase)) this.#try(now);
        else if (event.kind === 'retried' && this.#phase === 'asleep') this.#try(now);
        return;
      case 'repaired':
        if (this.#phase === 'misconfigured') this.#try(now);
        return;
      case 'wanted':
        if (this.#phase === 'asleep') this.#try(now);
        else if (this.#phase === 'draining' && this.#next === 'asleep') this.#try(now);
        return;
      case 'idle':
        if (this.#phase === 'ready') this.#leave('asleep', event.until, now);
        return;
      case 'ended':
        if (this.#phase === 'stopped' || this.#phase === 'disabled') return;
        return this.#leave(
          isOff(this.#next) && this.#phase === 'draining' ? this.#next : 'stopped',
          event.until,
          now,
        );
      case 'disabled':
        return this.#disable(event.by, event.until, now);
      case 'enabled':
        return this.#enable(event.byDefinition === true, now);
      case 'redefined':
        return this.#redefine(now);
      case 'drained':
        if (this.#phase === 'draining') this.#finish(now);
        return;
      case 'shifted':
        return this.#shift(event.byMs);
      default:
        return;
    }
  }

  #go(phase: ReferencePhase, now: number): void {
    this.#phase = phase;
    this.#since = now;
    this.#misses = 0;
    if (phase !== 'starting' && phase !== 'ready') this.#isTrial = false;
    if (phase !== 'ready') this.#isListed = false;
  }

  #try(now: number): void {
    const isTrial = this.#phase === 'down' && this.#circuit !== null;
    this.#go('starting', now);
    this.#isTrial = isTrial;
  }

  #connected(now: number): void {
    if (this.#phase === 'starting') this.#go('ready', now);
    // Another connection in the place of the one that was there: nothing is missed on it so far.
    else if (this.#phase === 'ready') this.#misses = 0;
  }

  /** Counters are reset, the outage is over; who keeps falling keeps the length of its waits. */
  #well(now: number): void {
    this.#isListed = true;
    this.#failures = 0;
    this.#downMs = null;
    this.#downSince = null;
    if (this.#fallsLately(now) < FLAPS) this.#waits = 0;
  }

  #lost(fall: Extract<UpstreamEvent, { readonly kind: 'connectionLost' }>, now: number): void {
    if (this.#phase !== 'ready') return;
    if (!this.#isListed) return this.#attemptFailed(fall, now);
    this.#fall(fall, now);
  }

  #missed(isBusy: boolean, now: number): void {
    if (this.#phase !== 'ready') return;
    this.#misses++;
    if (this.#misses < SOFT_MISSES || isBusy || now - this.#since < GRACE_MS) return;
    const fall = { nature: 'failure', pauseMs: 0 } as const;
    if (this.#isListed) this.#fall(fall, now);
    else this.#attemptFailed(fall, now);
  }

  /** It was well. */
  #fall({ nature, pauseMs }: FallFacts, now: number): void {
    if (now - this.#since >= STABLE_MS) {
      this.#step = 0;
      this.#waits = 0;
    }
    if (nature === 'failure') this.#falls.push(now);
    this.#rest(nature, pauseMs, this.#fallsLately(now) >= FLAPS ? 'flapping' : null, now);
  }

  #attemptFailed({ nature, pauseMs }: FallFacts, now: number): void {
    const isRecovery = this.#downMs !== null && nature === 'failure';
    if (isRecovery) this.#failures++;
    const opens = isRecovery && (this.#isTrial || this.#failures >= THRESHOLD);
    this.#rest(nature, pauseMs, opens ? 'failures' : null, now);
  }

  #rest(
    nature: FallFacts['nature'],
    pauseMs: number,
    circuit: 'failures' | 'flapping' | null,
    now: number,
  ): void {
    if (nature === 'login') {
      this.#pauseOutage(now);
      this.#go('login', now);
      return;
    }
    if (nature === 'misconfigured') {
      this.#pauseOutage(now);
      return this.#go('misconfigured', now);
    }
    this.#downMs ??= 0;
    this.#downSince ??= now;
    if (this.#downFor(now) >= DISABLE_MS) return this.#giveUp(now);
    let wait: [number, number];
    if (circuit === null) {
      const step = STEPS_MS[Math.min(this.#step++, STEPS_MS.length - 1)] ?? 0;
      wait = [step, step * (1 + JITTER)];
    } else {
      const waitMs = Math.min(FIRST_TRIAL_MS * 2 ** this.#waits++, LONGEST_WAIT_MS);
      wait = [waitMs, waitMs];
    }
    this.#circuit = circuit;
    this.#attempt = [now + Math.max(wait[0], pauseMs), now + Math.max(wait[1], pauseMs)];
    this.#go('down', now);
  }

  #due(now: number): void {
    if (this.#phase === 'draining') return this.#finish(now);
    if (this.#phase === 'login') return this.#try(now);
    if (this.#phase === 'starting' && this.#downFor(now) >= DISABLE_MS) return this.#giveUp(now);
    if (this.#phase !== 'down') return;
    const attemptAt = this.#attempt?.[0] ?? now;
    if (this.#downFor(Math.max(now, attemptAt)) >= DISABLE_MS) this.#giveUp(now);
    else this.#try(now);
  }

  #giveUp(now: number): void {
    this.#downMs = null;
    this.#downSince = null;
    this.#disabledBy = 'auto_downtime';
    this.#go('disabled', now);
  }

  #leave(next: Next, until: number, now: number): void {
    this.#pauseOutage(now);
    this.#next = next;
    if (this.#phase === 'stopped' || this.#phase === 'disabled' || this.#phase === 'asleep' || until <= now)
      return this.#finish(now);
    if (this.#phase !== 'draining') this.#go('draining', now);
  }

  #finish(now: number): void {
    const next = this.#next;
    if (isOff(next)) {
      this.#disabledBy = next.disabledBy;
      return this.#go('disabled', now);
    }
    this.#go(next, now);
    this.#isTrial = false;
  }

  #disable(by: string, until: number, now: number): void {
    const current = this.#offBy();
    if (current === 'admin' && by !== 'admin') return;
    if (this.#phase === 'disabled' && current === by) return;
    this.#leave({ disabledBy: by }, until, now);
  }

  #enable(byDefinition: boolean, now: number): void {
    const by = this.#offBy();
    if (by === undefined) return;
    if (byDefinition && !['configuration', 'missing_env', 'feature_flag'].includes(by)) return;
    this.#forgive();
    if (this.#phase === 'draining') this.#next = 'stopped';
    else this.#go('stopped', now);
  }

  #redefine(now: number): void {
    const isAutomatic = this.#phase === 'disabled' && this.#disabledBy.startsWith('auto_');
    this.#forgive();
    this.#isTrial = false;
    if (isAutomatic || ['down', 'login', 'misconfigured'].includes(this.#phase)) this.#try(now);
  }

  #forgive(): void {
    this.#failures = 0;
    this.#step = 0;
    this.#waits = 0;
    this.#falls = [];
    this.#circuit = null;
    this.#downMs = null;
    this.#downSince = null;
  }

  #shift(byMs: number): void {
    this.#since += byMs;
    this.#falls = this.#falls.map((at) => at + byMs);
    if (this.#downSince !== null) this.#downSince += byMs;
    if (this.#attempt !== null) this.#attempt = [this.#attempt[0] + byMs, this.#attempt[1] + byMs];
  }

  #offBy(): string | undefined {
    if (this.#phase === 'disabled') return this.#disabledBy;
    return this.#phase === 'draining' && isOff(this.#next) ? this.#next.disabledBy : undefined;
  }

  #pauseOutage(now: number): void {
    if (this.#downMs === null) return;
    this.#downMs = this.#downFor(now);
    this.#downSince = null;
  }

  #downFor(now: number): number {
    return (this.#downMs ?? 0) + (this.#downSince === null ? 0 : Math.max(0, now - this.#downSince));
  }

  #fallsLately(now: number): number {
    this.#falls = this.#falls.filter((at) => now - at < STABLE_MS);
    return this.#falls.length;
  }
}

interface FallFacts {
  readonly nature: 'failure' | 'login' | 'misconfigured';
  readonly pauseMs: number;
}

function isOff(next: Next): next is { readonly disabledBy: string } {
  return typeof next === 'object';
}
