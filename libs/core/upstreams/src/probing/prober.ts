import { Turnstile } from '../starting/turnstile.ts';
import type { Clock, Millis } from '@omni/ports';
import { probe, type ProbeOptions, type ProbeOutcome } from './probe.ts';

/** Probes under way at the same time, of all upstreams: a round of many stays far below an interval. */
const MAX_AT_ONCE = 16;
/** The same of one connection (X002-06). */
const MAX_OF_CONNECTION = 10;
/** A probe that may take longer goes on, and keeps no other waiting. */
const MAX_HOLD_MS: Millis = 5_000;

/** Probes servers, only so many at once. */
export class Prober {
  readonly #clock: Clock;
  readonly #turnstile: Turnstile;
  readonly #ofConnections = new WeakMap<object, Turnstile>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#turnstile = this.#turnstileOf(MAX_AT_ONCE, MAX_HOLD_MS);
  }

  /**
   * @param done - Called once, unless it is given up.
   * @returns Gives up.
   */
  begin(options: ProbeOptions, done: (outcome: ProbeOutcome) => void): () => void {
    const turn = { key: options.upstream, rank: 0 };
    let cancel = (): void => {};
    let leaveAll = (): void => {};
    const begin = (): void => {
      cancel = probe(options, (outcome) => {
        leave();
        done(outcome);
      });
    };
    const onTurn = (): void => {
      leaveAll = this.#turnstile.enter({ ...turn, onTurn: begin });
    };
    const leaveOwn = this.#turnstileAt(options.connection).enter({ ...turn, onTurn });
    const leave = (): void => {
      leaveOwn();
      leaveAll();
    };
    return () => {
      cancel();
      leave();
    };
  }

  /** A probe asks for one thing after the other: probes are as many as operations. */
  #turnstileAt(connection: object): Turnstile {
    let turnstile = this.#ofConnections.get(connection);
    if (turnstile === undefined) {
      turnstile = this.#turnstileOf(/* guard: probing/per-connection */ MAX_OF_CONNECTION, Infinity);
      this.#ofConnections.set(connection, turnstile);
    }
    return turnstile;
  }

  #turnstileOf(maxAtOnce: number, maxHoldMs: Millis): Turnstile {
    return new Turnstile({ maxAtOnce, maxPerSecond: Infinity, maxHoldMs, clock: this.#clock });
  }
}
