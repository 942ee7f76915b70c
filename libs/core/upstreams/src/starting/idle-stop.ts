import type { CancelTimer, Clock, Millis } from '@omni/ports';

export interface IdleStopOptions {
  readonly clock: Clock;
  /** How long nobody has to need it; 0: it is never stopped for that. Asked for when it begins. */
  readonly idleMs: () => Millis;
  /** Whether somebody uses it at the moment, such as a call under way. */
  readonly isInUse: () => boolean;
  readonly onIdle: () => void;
}

/** Tells when nobody has needed an upstream for as long as its definition says. */
export class IdleStop {
  readonly #options: IdleStopOptions;
  #usedAtMs = 0;
  #cancelTimer: CancelTimer | undefined;

  constructor(options: IdleStopOptions) {
    this.#options = options;
  }

  /** It is up: the time begins, unless it has. */
  start(): void {
    if (this.#cancelTimer !== undefined) return;
    const idleMs = this.#options.idleMs();
    if (idleMs === 0) return;
    this.#usedAtMs = this.#options.clock.monotonicMs();
    this.#arm(idleMs, idleMs);
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** Somebody needs it: the time begins anew. */
  touch(): void {
    if (this.#cancelTimer !== undefined) this.#usedAtMs = this.#options.clock.monotonicMs();
  }

  #arm(idleMs: Millis, delayMs: Millis): void {
    const { clock, isInUse, onIdle } = this.#options;
    this.#cancelTimer = clock.after(delayMs, () => {
      this.#cancelTimer = undefined;
      if (/* guard: idle/in-use */ isInUse()) this.#usedAtMs = clock.monotonicMs();
      const leftMs = this.#usedAtMs + idleMs - clock.monotonicMs();
      if (leftMs > 0) this.#arm(idleMs, leftMs);
      else onIdle();
    });
  }
}
