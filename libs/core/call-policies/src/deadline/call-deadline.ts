import type { CancelTimer, Clock, Millis } from '@omni/ports';

/** Which time was over. `caller`: what the caller gave the call. */
export type DeadlineEnd = 'total' | 'idle' | 'caller';

export interface CallDeadlineOptions {
  /** Monotonic: when the request came. */
  readonly arrivedMs: number;
  /** The longest time from arrival to answer. */
  readonly totalMs: Millis;
  /** The time that the caller gives it, from arrival; absent where it does not say. */
  readonly callerMs?: Millis;
  /** Told once; not after {@link CallDeadline.stop}. */
  readonly onOver: (end: DeadlineEnd) => void;
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>;
}

/**
 * The time of one call from its arrival, whatever it is spent on: queues, waits and attempts. Within it, an
 * attempt that says nothing for its idle time is over; progress begins the idle time anew, never the rest.
 */
export class CallDeadline {
  readonly #options: CallDeadlineOptions;
  readonly #capMs: number;
  readonly #cap: DeadlineEnd;
  #idleMs = Number.POSITIVE_INFINITY;
  #idleAtMs = Number.POSITIVE_INFINITY;
  #holds = 0;
  #timer: { readonly dueMs: number; readonly cancel: CancelTimer } | undefined;
  #isOver = false;

  constructor(options: CallDeadlineOptions) {
    this.#options = options;
    const { arrivedMs, totalMs, callerMs = Number.POSITIVE_INFINITY } = options;
    this.#cap = callerMs < totalMs ? 'caller' : 'total';
    this.#capMs = arrivedMs + Math.min(totalMs, callerMs);
    this.#arm();
  }

  /** Of the whole; 0 when it is over. What waits for something waits no longer. */
  get leftMs(): Millis {
    return Math.max(0, this.#capMs - this.#options.clock.monotonicMs());
  }

  /** An attempt was sent. @param idleMs - How long it may say nothing. */
  beginAttempt(idleMs: Millis): void {
    this.#idleMs = idleMs;
    this.#holds = 0;
    this.progress();
  }

  /** The attempt is over; the whole goes on, e.g. for a repeat. */
  endAttempt(): void {
    this.#idleMs = Number.POSITIVE_INFINITY;
    this.#idleAtMs = Number.POSITIVE_INFINITY;
  }

  /** The attempt has said something. */
  progress(): void {
    // guard: deadline/held
    if (this.#holds > 0) return;
    this.#idleAtMs = this.#options.clock.monotonicMs() + this.#idleMs;
    this.#arm();
  }

  /** No idle time passes until {@link release}, e.g. while the client answers a request of the server. */
  hold(): void {
    this.#holds++;
    this.#idleAtMs = Number.POSITIVE_INFINITY;
  }

  release(): void {
    if (this.#holds === 0 || --this.#holds > 0) return;
    this.progress();
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** A timer that is due too early finds out when it is; so progress costs no timer. */
  #arm(): void {
    const dueMs = /* guard: deadline/cap */ Math.min(this.#capMs, this.#idleAtMs);
    if (this.#isOver || (this.#timer !== undefined && this.#timer.dueMs <= dueMs)) return;
    this.#timer?.cancel();
    const { clock } = this.#options;
    const cancel = clock.after(dueMs - clock.monotonicMs(), () => {
      this.#timer = undefined;
      this.#onTimer();
    });
    this.#timer = { dueMs, cancel };
  }

  #onTimer(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs >= this.#capMs) return this.#end(this.#cap);
    if (nowMs >= this.#idleAtMs) return this.#end('idle');
    this.#arm();
  }

  #end(end: DeadlineEnd): void {
    this.stop();
    this.#options.onOver(end);
  }
}
