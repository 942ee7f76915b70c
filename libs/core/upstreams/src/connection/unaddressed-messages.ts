import type { Clock } from '@omni/ports';

/** How long a server may still talk about a call that was answered, cancelled or given up. */
const AFTERTALK_MS = /* guard: link/unaddressed-time */ 30_000;

/** A call, as far as it matters who has made it. */
interface Asked {
  readonly callerKey: string | undefined;
}

/**
 * Remembers whose calls have ended on a shared connection: a log message or question that comes without an
 * address may be about one of them, and then it must not reach the client whose call happens to be the only
 * one that runs.
 */
export class UnaddressedMessages {
  readonly #clock: Clock;
  #latest: { readonly callerKey: string; readonly atMs: number } | undefined;
  /** The latest end of a call of any caller but that of `#latest`. */
  #latestOfOthersMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls of Omni itself do not count: nobody is told what they bring. */
  onEnd({ callerKey }: Asked): void {
    if (callerKey === undefined) return;
    if (this.#latest !== undefined && this.#latest.callerKey !== callerKey)
      this.#latestOfOthersMs = this.#latest.atMs;
    this.#latest = { callerKey, atMs: this.#clock.monotonicMs() };
  }

  /**
   * The call that something without an address must belong to: the only one that runs, unless it may be about
   * one that is over.
   *
   * @param running - Those that it can be about at all.
   */
  addresseeAmong<Call extends Asked>(running: readonly Call[]): Call | undefined {
    const [only, another] = running;
    return only === undefined ||
      /* guard: link/two-run */ another !== undefined ||
      /* guard: link/unaddressed */ this.#mayBeOfOthers(only)
      ? undefined
      : only;
  }

  /** Whether a call of somebody else ended so lately that the server may still talk about it. */
  #mayBeOfOthers({ callerKey }: Asked): boolean {
    if (this.#latest === undefined) return false;
    const endedMs = this.#latest.callerKey === callerKey ? this.#latestOfOthersMs : this.#latest.atMs;
    return this.#clock.monotonicMs() - endedMs < AFTERTALK_MS;
  }
}
