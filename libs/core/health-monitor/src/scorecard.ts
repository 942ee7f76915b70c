import type { Millis, StatusLevel } from '@omni/ports';

/** How a component has done lately (S003-HM-05). */
export interface ScorecardFacts {
  /**
   * Share of the last hour, in per cent, in which it was `ok`; `warn` counts half, and time in which nobody
   * knew counts not at all. `null`: nobody has known yet.
   */
  readonly score: number | null;
  /** Its last changes, the latest first. */
  readonly changes: readonly LevelChange[];
}

export interface LevelChange {
  readonly at: Millis;
  readonly from: StatusLevel;
  readonly to: StatusLevel;
}

const SLOT_MS = 60_000;
/** An hour, and the minute under way. */
const SLOTS = 61;
const MAX_CHANGES = 10;
const WEIGHTS: Readonly<Record<Exclude<StatusLevel, 'unknown'>, number>> = { ok: 1, warn: 0.5, error: 0 };

interface Slot {
  /** Number of the minute. */
  minute: number;
  knownMs: number;
  goodMs: number;
}

/** Adds up how long a component was at which level. */
export class Scorecard {
  readonly #slots: Slot[] = [];
  readonly #changes: LevelChange[] = [];
  #level: StatusLevel;
  #countedTo: Millis;

  constructor(level: StatusLevel, now: Millis) {
    this.#level = level;
    this.#countedTo = now;
  }

  /** Its level is this one from now on. */
  see(level: StatusLevel, now: Millis): void {
    this.#count(now);
    if (level === this.#level) return;
    this.#changes.unshift({ at: now, from: this.#level, to: level });
    this.#changes.splice(MAX_CHANGES);
    this.#level = level;
  }

  facts(now: Millis): ScorecardFacts {
    this.#count(now);
    let known = 0;
    let good = 0;
    for (const { knownMs, goodMs } of this.#slots) {
      known += knownMs;
      good += goodMs;
    }
    return { score: known === 0 ? null : Math.round((100 * good) / known), changes: [...this.#changes] };
  }

  #count(now: Millis): void {
    const oldest = Math.floor(now / SLOT_MS) - SLOTS + 1;
    this.#setBack(now);
    // What lies before the window says nothing.
    let from = Math.max(this.#countedTo, oldest * SLOT_MS);
    this.#countedTo = now;
    if (this.#level !== 'unknown')
      for (; from < now; from = nextSlot(from)) {
        const ms = Math.min(now, nextSlot(from)) - from;
        const slot = this.#slotOf(from);
        slot.knownMs += ms;
        slot.goodMs += ms * WEIGHTS[this.#level];
      }
    while ((this.#slots[0]?.minute ?? oldest) < oldest) this.#slots.shift();
  }

  /** A wall clock that was set back takes nothing away: what is known was so long ago as before. */
  #setBack(now: Millis): void {
    const minutes = Math.floor(this.#countedTo / SLOT_MS) - Math.floor(now / SLOT_MS);
    if (minutes > 0) for (const slot of this.#slots) slot.minute -= minutes;
  }

  #slotOf(at: Millis): Slot {
    const minute = Math.floor(at / SLOT_MS);
    const last = this.#slots.at(-1);
    if (last !== undefined && last.minute >= minute) return last;
    const slot = { minute, knownMs: 0, goodMs: 0 };
    this.#slots.push(slot);
    return slot;
  }
}

function nextSlot(at: Millis): Millis {
  return (Math.floor(at / SLOT_MS) + 1) * SLOT_MS;
}
