import type { CancelTimer, Clock } from '@omni/ports';
import { TimerHeap } from './timer-heap.ts';

/** What the wall clock shows at the beginning. */
const EPOCH_MS = Date.UTC(2026, 0, 1);
/** Events at one time; of many servers and clients together there are a few hundred. */
const MAX_EVENTS_NOW = 50_000;
/** Taken while it is still the runtime's own: a simulation forbids everybody to use timers. */
const { setImmediate } = globalThis;

/** A leap of the wall clock. */
export interface ClockJump {
  readonly byMs: number;
  /** Since the beginning. */
  readonly atMs: number;
}

/** The time of a simulated world: it stands still while anything happens, then jumps to the next event. */
export class SimulatedTime {
  readonly #timers = new TimerHeap();
  /** What the wall clock shows more than it did at the beginning, the time aside that has passed. */
  #wallShiftMs = 0;
  readonly #jumps: ClockJump[] = [];
  #nowMs = 0;
  #gatewayTimers = 0;
  #events = 0;
  #eventsNow = 0;
  #isOver = false;
  readonly #onStandstill: (events: number) => void;

  /** @param onStandstill - Told when so much happens at one time that it seems to have no end. */
  constructor(onStandstill: (events: number) => void = () => {}) {
    this.#onStandstill = onStandstill;
  }

  /** What the gateway is given: its timers are counted, since it has to take them down. */
  readonly gatewayClock: Clock = {
    now: () => this.wallMs,
    monotonicMs: () => this.#nowMs,
    after: (delayMs, action) => {
      this.#gatewayTimers++;
      const timer = this.#timers.add(this.#nowMs + Math.max(0, delayMs), () => {
        this.#gatewayTimers--;
        action();
      });
      return () => {
        if (this.#timers.cancel(timer)) this.#gatewayTimers--;
      };
    },
  };

  /** Milliseconds since the beginning. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get wallMs(): number {
    return EPOCH_MS + this.#nowMs + this.#wallShiftMs;
  }

  /** Leaps of the wall clock that nobody has seen pass, oldest first. */
  get jumps(): readonly ClockJump[] {
    return this.#jumps;
  }

  get gatewayTimers(): number {
    return this.#gatewayTimers;
  }

  /** Events so far. */
  get events(): number {
    return this.#events;
  }

  /** Runs what belongs to the world. */
  after(delayMs: number, action: () => void): CancelTimer {
    const timer = this.#timers.add(this.#nowMs + Math.max(0, delayMs), action);
    return () => void this.#timers.cancel(timer);
  }

  /** The process does not run for a while: both clocks go on, and what was due meanwhile is late. */
  freeze(forMs: number): void {
    this.#nowMs += forMs;
    this.#jumps.push({ byMs: forMs, atMs: this.#nowMs });
  }

  /** Somebody sets the wall clock, or the machine sleeps: the clock that never goes back stands still. */
  shiftWallClock(byMs: number): void {
    this.#wallShiftMs += byMs;
    this.#jumps.push({ byMs, atMs: this.#nowMs });
  }

  /** Nothing happens any more: whoever runs it or waits for it never goes on. */
  end(): void {
    this.#isOver = true;
  }

  /** Moves on, event by event; everything that promises lead to has happened before the next one. */
  async run(untilMs: number): Promise<void> {
    await settled();
    for (
      let next = this.#timers.peek();
      next !== undefined && next.dueMs <= untilMs && !this.#isOver;
      next = this.#timers.peek()
    ) {
      this.#countEvent(next.dueMs);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      this.#timers.take()?.();
      await settled();
    }
    if (this.#isOver) return new Promise(() => {});
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #countEvent(dueMs: number): void {
    this.#events++;
    this.#eventsNow = dueMs > this.#nowMs ? 0 : this.#eventsNow + 1;
    if (this.#eventsNow === MAX_EVENTS_NOW) this.#onStandstill(MAX_EVENTS_NOW);
  }
}

/** Node runs every promise that can go on before it comes to this. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
