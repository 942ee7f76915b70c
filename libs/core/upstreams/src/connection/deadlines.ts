import { type CancelTimer, type Clock, LiveList, type Place } from '@omni/ports';

const TICK_MS = 100;
/** One turn of the wheel is 51.2 s; what lies further ahead is looked at once per turn. */
const SLOTS = 512;

/** Told when a call has taken too long; the deadline is over then. */
export interface DeadlineListener {
  /** @param kind - `idle`: nothing was heard for too long; `total`: it took too long altogether. */
  onDeadline(kind: 'idle' | 'total'): void;
}

/** The time limits of one call. */
export interface Deadline {
  /** Something was heard: the idle time begins anew. */
  touch(): void;
  /** Stops the idle time until {@link release}; may be nested. */
  hold(): void;
  release(): void;
  /** The call is over. */
  stop(): void;
}

/**
 * The time limits of all calls on one timer, which runs only while there are calls.
 *
 * A deadline fires up to 200 ms late, never early.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #slots: Array<LiveList<WheelEntry> | undefined> = [];
  #count = 0;
  #cancelTick: CancelTimer | undefined;
  /** Number of the last tick that was served, counted from the clock's zero. */
  #served = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Running deadlines. */
  get size(): number {
    return this.#count;
  }

  start(listener: DeadlineListener, idleMs: number, totalMs: number): Deadline {
    const now = this.#clock.monotonicMs();
    const entry = new WheelEntry(this, listener, idleMs, now, now + totalMs);
    if (this.#count++ === 0) {
      this.#served = Math.floor(now / TICK_MS);
      this.#arm();
    }
    this.#put(entry);
    return entry;
  }

  now(): number {
    return this.#clock.monotonicMs();
  }

  remove(entry: WheelEntry): void {
    entry.leave();
    if (--this.#count > 0) return;
    this.#cancelTick?.();
    this.#cancelTick = undefined;
  }

  #put(entry: WheelEntry): void {
    const tick = Math.max(this.#served + 1, Math.ceil(entry.dueMs / TICK_MS));
    const index = tick % SLOTS;
    const slot = (this.#slots[index] ??= new LiveList());
    // Adding to the slot that is being walked would walk it again.
    if (entry.slot === slot) return;
    entry.leave();
    entry.enter(slot);
  }

  #arm(): void {
    this.#cancelTick = this.#clock.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    const now = this.#clock.monotonicMs();
    const last = Math.floor(now / TICK_MS);
    const first = Math.max(this.#served + 1, last - SLOTS + 1);
    this.#arm();
    for (let tick = first; tick <= last; tick++) {
      this.#served = tick;
      const slot = this.#slots[tick % SLOTS];
      if (slot === undefined) continue;
      for (const entry of slot.items()) {
        if (entry.dueMs > now) this.#put(entry);
        else entry.fire();
      }
    }
  }
}

export class WheelEntry implements Deadline {
  readonly #wheel: Deadlines;
  readonly #listener: DeadlineListener;
  readonly #idleMs: number;
  readonly #totalAtMs: number;
  #idleFromMs: number;
  #holds = 0;
  #isOver = false;
  slot: LiveList<WheelEntry> | undefined;
  #place: Place<WheelEntry> | undefined;

  constructor(
    wheel: Deadlines,
    listener: DeadlineListener,
    idleMs: number,
    nowMs: number,
    totalAtMs: number,
  ) {
    this.#wheel = wheel;
    this.#listener = listener;
    this.#idleMs = idleMs;
    this.#idleFromMs = nowMs;
    this.#totalAtMs = totalAtMs;
  }

  enter(slot: LiveList<WheelEntry>): void {
    this.slot = slot;
    this.#place = slot.add(this);
  }

  leave(): void {
    if (this.#place !== undefined) this.slot?.remove(this.#place);
    this.slot = undefined;
    this.#place = undefined;
  }

  /** When it is worth a look: it may have been moved on in the meantime. */
  get dueMs(): number {
    // A held entry may be released at any time, so it is looked at as if it were not held.
    const idleFrom = this.#holds > 0 ? this.#wheel.now() : this.#idleFromMs;
    return /* guard: deadline/idle, deadline/total */ Math.min(idleFrom + this.#idleMs, this.#totalAtMs);
  }

  fire(): void {
    const kind = this.#wheel.now() >= this.#totalAtMs ? 'total' : 'idle';
    this.stop();
    this.#listener.onDeadline(kind);
  }

  touch(): void {
    this.#idleFromMs = this.#wheel.now();
  }

  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds--;
    this.touch();
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wheel.remove(this);
  }
}
