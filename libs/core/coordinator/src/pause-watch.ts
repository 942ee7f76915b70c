import type { Clock, Millis } from '@omni/ports';

/** A pause of more than this is none of a busy machine. */
const LONGEST_PAUSE_MS = 5_000;

/** Whether a difference of clocks is more than what a busy machine makes of it. */
export function isLeap(ms: Millis): boolean {
  return Math.abs(ms) > LONGEST_PAUSE_MS;
}

/**
 * Finds that the wall clock has made a jump since the last look, of which one comes every `everyMs`: the
 * machine or the process was suspended, or somebody has set the clock. What Omni could not see in that time
 * must not count.
 */
export class PauseWatch {
  readonly #clock: Pick<Clock, 'now' | 'monotonicMs'>;
  readonly #everyMs: Millis;
  #wallMs: Millis;
  #monotonicMs: Millis;

  constructor(clock: Pick<Clock, 'now' | 'monotonicMs'>, everyMs: Millis) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#wallMs = clock.now();
    this.#monotonicMs = clock.monotonicMs();
  }

  /** @returns By how much times are to be shifted, which may be less than 0; 0: by nothing. */
  look(): Millis {
    // A clock that never goes back may stand still, or go on, while the machine is suspended.
    const seenMs = Math.min(this.#clock.monotonicMs() - this.#monotonicMs, this.#everyMs);
    const jumpMs = this.#clock.now() - this.#wallMs - seenMs;
    if (/* guard: coordinator/pause */ !isLeap(jumpMs)) return 0;
    this.#remember();
    return Math.round(jumpMs);
  }

  /** The look that comes at its time; others may come in between. */
  tick(): Millis {
    const jumpMs = this.look();
    this.#remember();
    return jumpMs;
  }

  #remember(): void {
    this.#wallMs = this.#clock.now();
    this.#monotonicMs = this.#clock.monotonicMs();
  }
}
