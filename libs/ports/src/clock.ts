/** Undoes a timer. Calling it after the timer fired does nothing. */
export type CancelTimer = () => void;

/** Milliseconds since the epoch when it is a time of the wall clock. */
export type Millis = number;

/** Time, so that tests can own it. */
export interface Clock {
  /**
   * The wall clock: for times that are shown or stored. It may be set forward or back; to measure, use {@link
   * monotonicMs}.
   */
  now(): Millis;
  /** Milliseconds of a clock that never goes back; only differences mean something. */
  monotonicMs(): number;
  /**
   * Runs `action` once after `delayMs`, which may be `Infinity`; a delay of more than 24 days may end after
   * 24. A pending timer does not keep the process alive.
   */
  after(delayMs: number, action: () => void): CancelTimer;
  /**
   * Keeps the process alive until it is undone, as a socket that listens does. Absent where processes do not
   * end by themselves when nothing is left to do.
   */
  keepAlive?(): CancelTimer;
}

/** The longest that a timer of JavaScript can wait; it takes longer ones for 1 ms. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The runtime's own timers; works in Node, Workers and browsers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const timer: unknown = setTimeout(
      action,
      /* guard: clock/long-delay */ Math.min(delayMs, LONGEST_DELAY_MS),
    );
    // Node's timers are objects that can be detached from the event loop; elsewhere they are numbers.
    if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
      timer.unref();
    // Where timers are objects, clearTimeout takes those as well; the type knows numbers only.
    return () => clearTimeout(timer as number);
  },
  keepAlive() {
    const timer = setInterval(() => {}, LONGEST_DELAY_MS);
    return () => clearInterval(timer);
  },
};
