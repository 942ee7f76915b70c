import type { Clock } from '@omni/ports';

/** How long a server may still talk about a call that was answered, cancelled or given up. */
const AFTERTALK_MS = 30_000;

interface Ended {
  readonly asker: string | undefined;
}

/**
 * Remembers whose calls have ended on a shared connection: a log message or question that comes without an address may be about one
 * of them, and then it must not reach the client whose call happens to be the only one that runs.
 */
export class Aftertalk {
  readonly #clock: Clock;
  #latest: { readonly asker: string; readonly atMs: number } | undefined;
  /** The latest end of a call of anybody but the asker of `#latest`. */
  #latestOfOthersMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls of Omni itself do not count: nobody is told what they bring. */
  onEnd({ asker }: Ended): void {
    if (asker === undefined) return;
    if (this.#latest !== undefined && this.#latest.asker !== asker) this.#latestOfOthersMs = this.#latest.atMs;
    this.#latest = { asker, atMs: this.#clock.monotonicMs() };
  }

  /** Whether a call of somebody else ended so lately that the server may still talk about it. */
  mayBeOfOthers({ asker }: Ended): boolean {
    if (this.#latest === undefined) return false;
    const endedMs = this.#latest.asker === asker ? this.#latestOfOthersMs : this.#latest.atMs;
    return this.#clock.monotonicMs() - endedMs < AFTERTALK_MS;
  }
}
