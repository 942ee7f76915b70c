import type { Clock, Millis, Principal } from '@omni/ports';

/** How long a server may still talk about a call that was answered, cancelled or given up. */
const AFTERTALK_MS = /* guard: link/unaddressed-time */ 30_000;

/** A call, as far as it matters who has made it. */
interface Asked {
  readonly callerKey: string | undefined;
  readonly caller: Principal | undefined;
}

/**
 * Remembers whose calls have ended on a shared connection: a log message or question that comes without an
 * address may be about one of them, and then it must not reach the client whose call happens to be the only
 * one that runs.
 *
 * What servers in use say of a call comes before its answer, so that an answered call is over for the other
 * clients of its user. One that was cancelled or given up may well go on; and nobody hears of another user's
 * call, however it ended (decision 0044).
 */
export class UnaddressedMessages {
  readonly #clock: Clock;
  /** Ends of all calls, by user. */
  readonly #ofUsers = new LatestEnds();
  /** Ends of calls without an answer, by client. */
  readonly #unanswered = new LatestEnds();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * A call has ended. Those of Omni itself do not count: nobody is told what they bring.
   *
   * @param answeredMs - Monotonic: when it was answered; absent where it was not.
   */
  onEnd(call: Asked, answeredMs?: Millis): void {
    if (call.callerKey === undefined) return;
    const endedMs = answeredMs ?? this.#clock.monotonicMs();
    this.#ofUsers.note(userOf(call), endedMs);
    if (answeredMs === undefined) this.#unanswered.note(call.callerKey, endedMs);
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
  #mayBeOfOthers(call: Asked): boolean {
    const sinceMs = this.#clock.monotonicMs() - AFTERTALK_MS;
    return (
      /* guard: link/unaddressed-users */ this.#ofUsers.otherThan(userOf(call)) > sinceMs ||
      /* guard: link/unaddressed-unanswered */ this.#unanswered.otherThan(call.callerKey) > sinceMs
    );
  }
}

/** When something ended last, for anybody but one. */
class LatestEnds {
  #latest: { readonly key: string | undefined; readonly atMs: number } | undefined;
  /** The latest end for any other key but that of `#latest`. */
  #latestOfOthersMs = Number.NEGATIVE_INFINITY;

  note(key: string | undefined, atMs: number): void {
    if (this.#latest !== undefined && this.#latest.key !== key) this.#latestOfOthersMs = this.#latest.atMs;
    this.#latest = { key, atMs };
  }

  otherThan(key: string | undefined): number {
    if (this.#latest === undefined) return Number.NEGATIVE_INFINITY;
    return this.#latest.key === key ? this.#latestOfOthersMs : this.#latest.atMs;
  }
}

/** Who is not known to be the same user is another one. */
function userOf({ caller, callerKey }: Asked): string | undefined {
  return caller?.id ?? callerKey;
}
