import type { CancelTimer, Clock, Millis } from '../clock.ts';

/** A clock that moves when it is told to; `@omni/testing` stands above this library. */
export class SteppedClock implements Pick<Clock, 'monotonicMs' | 'after'> {
  #nowMs = 0;
  readonly #timers = new Set<{ readonly atMs: Millis; readonly run: () => void }>();

  get pendingTimers(): number {
    return this.#timers.size;
  }

  monotonicMs(): Millis {
    return this.#nowMs;
  }

  after(ms: Millis, run: () => void): CancelTimer {
    const timer = { atMs: this.#nowMs + ms, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  advance(ms: Millis): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers]
        .filter(({ atMs }) => atMs <= endMs)
        .toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = next.atMs;
      next.run();
    }
    this.#nowMs = endMs;
  }
}
