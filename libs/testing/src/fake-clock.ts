import type { CancelTimer, Clock, Millis } from '@omni/ports';

interface PendingTimer {
  readonly dueMs: number;
  readonly action: () => void;
}

/** A clock that stands still until a test moves it. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  /** What the wall clock showed when this one stood at 0; a fixed time keeps runs the same. */
  #epochMs = Date.UTC(2026, 0, 1);
  readonly #timers = new Set<PendingTimer>();

  now(): Millis {
    return this.#epochMs + this.#nowMs;
  }

  /** Sets the wall clock forward or back; what measures and waits does not notice. */
  setWallClock(ms: Millis): void {
    this.#epochMs = ms - this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): CancelTimer {
    const timer: PendingTimer = { dueMs: this.#nowMs + Math.max(0, delayMs), action };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** How many timers wait: 0 at the end of a test shows that nothing leaked. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /**
   * Moves on by `ms` and fires what falls due on the way, earliest first, each at its own time; timers set
   * meanwhile count too.
   */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let next = this.#earliest(endMs); next !== undefined; next = this.#earliest(endMs)) {
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.action();
    }
    this.#nowMs = endMs;
  }

  /** Like {@link advance}, but lets pending promises settle before each timer and at the end. */
  async advanceAsync(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (let next = this.#earliest(endMs); next !== undefined; next = this.#earliest(endMs)) {
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.action();
      await settle();
    }
    this.#nowMs = endMs;
  }

  /** The timer that is due first and not after `endMs`; of equals the one that was set first. */
  #earliest(endMs: number): PendingTimer | undefined {
    let earliest: PendingTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (earliest === undefined || timer.dueMs < earliest.dueMs)) earliest = timer;
    }
    return earliest;
  }
}

/** Long enough for chains of a few dozen awaits; a fixed number keeps runs the same. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}
