import { Turnstile } from '../starting/turnstile.ts';
import type { Clock, Millis } from '@omni/ports';
import { probe, type ProbeOptions, type ProbeOutcome } from './probe.ts';

/** Probes under way at the same time, of all upstreams: a round of many stays far below an interval. */
const MAX_AT_ONCE = 16;
/** A probe that may take longer goes on, and keeps no other waiting. */
const MAX_HOLD_MS: Millis = 5_000;

/** Probes servers, only so many at once. */
export class Prober {
  readonly #turnstile: Turnstile;

  constructor(clock: Clock) {
    this.#turnstile = new Turnstile({
      maxAtOnce: MAX_AT_ONCE,
      maxPerSecond: Infinity,
      maxHoldMs: MAX_HOLD_MS,
      clock,
    });
  }

  /**
   * @param done - Called once, unless it is given up.
   * @returns Gives up.
   */
  begin(options: ProbeOptions, done: (outcome: ProbeOutcome) => void): () => void {
    let cancel = (): void => {};
    const leave = this.#turnstile.enter({
      key: options.upstream,
      rank: 0,
      onTurn() {
        cancel = probe(options, (outcome) => {
          leave();
          done(outcome);
        });
      },
    });
    return () => {
      cancel();
      leave();
    };
  }
}
