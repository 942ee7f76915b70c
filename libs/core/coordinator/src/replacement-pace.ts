import type { Millis } from '@omni/ports';

const WINDOW_MS = 60_000;
const MOST_IN_WINDOW = 5;
const SHORT_PAUSE_MS = 1_000;
const LONG_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 600_000;

/**
 * How soon a role that has died is replaced: after a second, but when that has been done five times within a
 * minute, after one minute, then two, four, eight and at most ten.
 */
export class ReplacementPace {
  /** Of replacements, on a clock that never goes back. */
  #times: Millis[] = [];
  /** What the next one waits once there were too many; 0 before that. */
  #pauseMs = 0;

  /** @returns How long the next replacement is to wait, counted as if it came then. */
  next(now: Millis): Millis {
    if (this.#pauseMs > 0) {
      this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
      return this.#pauseMs;
    }
    this.#times = this.#times.filter((at) => now - at < WINDOW_MS);
    if (this.#times.length < MOST_IN_WINDOW) {
      this.#times.push(now + SHORT_PAUSE_MS);
      return SHORT_PAUSE_MS;
    }
    this.#pauseMs = LONG_PAUSE_MS;
    return LONG_PAUSE_MS;
  }

  /** One has lived for so long. */
  lived(ms: Millis): void {
    if (ms < WINDOW_MS) return;
    this.#times = [];
    this.#pauseMs = 0;
  }
}
