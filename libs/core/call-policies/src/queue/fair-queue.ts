import {
  type CancelTimer,
  type Clock,
  FairPlaces,
  GatewayError,
  type Principal,
  type Share,
  sharerOf,
} from '@omni/ports';

/** A call that waits. It is told one of the two, once, unless it withdraws. */
export interface Waiter {
  onTurn(): void;
  onRefused(error: GatewayError): void;
}

/** A place in a {@link FairQueue}. */
export interface QueueTicket {
  /** 1 when it is next, if nobody else comes; `undefined` when it waits no more. */
  readonly position: number | undefined;
  /** Waits no more; nothing is told. */
  withdraw(): void;
}

export interface FairQueueOptions {
  /** Calls that may wait; a quarter more for users with less than their part, see {@link FairPlaces}. */
  readonly maxCalls: number;
  /** The longest that a call may wait. */
  readonly maxWaitMs: number;
  /** What waits, in the plural, e.g. `calls waiting for "sums"`. */
  readonly what: string;
  /** The setting that is `maxCalls`; absent where it is fixed. */
  readonly setting?: string;
  /** Calls of one turn: a whole number, 1 or more. Default: 1 for everybody. */
  readonly weightOf?: (principal: Principal) => number;
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>;
}

/** A call in its line. */
interface QueuedCall {
  readonly line: Line;
  readonly place: Share;
  readonly waiter: Waiter;
  isWaiting: boolean;
  cancelTimer?: CancelTimer;
}

/** The calls of one user, first come first. */
interface Line {
  readonly sharer: string;
  readonly weight: number;
  /** Calls that are left of this turn. */
  credit: number;
  readonly calls: QueuedCall[];
}

/**
 * A queue in which users take turns, so that a user with a thousand waiting calls is served as often as one
 * with a single call. Bounded in calls, which users share as every limit, and in the time that each waits.
 */
export class FairQueue {
  readonly #options: FairQueueOptions;
  readonly #places: FairPlaces;
  /** Users with waiting calls; the first one has the turn. */
  readonly #lines: Line[] = [];
  readonly #bySharer = new Map<string, Line>();
  #size = 0;

  constructor(options: FairQueueOptions) {
    this.#options = options;
    const { maxCalls: capacity, what, setting, clock } = options;
    this.#places = new FairPlaces({ capacity, what, clock, ...(setting !== undefined && { setting }) });
  }

  /** Calls that wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * @param waitMs - The longest that this call may wait, if that is less than `maxWaitMs`.
   * @returns Its ticket; or `OMNI_OVERLOADED` when there is no place for it.
   */
  join(principal: Principal, waiter: Waiter, waitMs = Number.POSITIVE_INFINITY): QueueTicket | GatewayError {
    const place = this.#places.take(principal);
    // guard: queue/full
    if (place instanceof GatewayError) return place;
    const line = this.#lineOf(principal);
    const call: QueuedCall = { line, place, waiter, isWaiting: true };
    line.calls.push(call);
    this.#size++;
    const longestMs = Math.min(this.#options.maxWaitMs, waitMs);
    // guard: queue/waited
    call.cancelTimer = this.#options.clock.after(longestMs, () => this.#giveUp(call, longestMs));
    return this.#ticketOf(call);
  }

  /** Lets the next call go. @returns Whether one waited. */
  next(): boolean {
    const [line] = this.#lines;
    const [call] = line?.calls ?? [];
    if (line === undefined || call === undefined) return false;
    line.credit--;
    this.#remove(call);
    // guard: queue/turns
    if (line.credit === 0 && this.#lines[0] === line) {
      line.credit = line.weight;
      this.#lines.shift();
      this.#lines.push(line);
    }
    call.waiter.onTurn();
    return true;
  }

  /** Ends the wait of all, e.g. when a breaker opens. Those that come meanwhile are not among them. */
  failAll(error: GatewayError): void {
    const calls = this.#lines.flatMap((line) => line.calls);
    for (const call of calls) this.#remove(call);
    for (const call of calls) call.waiter.onRefused(error);
  }

  #ticketOf(call: QueuedCall): QueueTicket {
    const position = (): number | undefined => (call.isWaiting ? this.#positionOf(call) : undefined);
    return {
      get position() {
        return position();
      },
      withdraw: () => this.#remove(call),
    };
  }

  #positionOf(call: QueuedCall): number {
    const { line } = call;
    const before = line.calls.indexOf(call);
    // Turns of its line before its own; none where the credit of this turn lasts.
    const turns = 1 + Math.floor((before - line.credit) / line.weight);
    let position = before + 1;
    let isAhead = true;
    for (const other of this.#lines) {
      if (other === line) isAhead = false;
      else position += callsIn(other, isAhead ? turns + 1 : turns);
    }
    return position;
  }

  #remove(call: QueuedCall): void {
    if (!call.isWaiting) return;
    const { line } = call;
    line.calls.splice(line.calls.indexOf(call), 1);
    if (line.calls.length === 0) {
      this.#lines.splice(this.#lines.indexOf(line), 1);
      this.#bySharer.delete(line.sharer);
    }
    this.#size--;
    call.isWaiting = false;
    // guard: queue/timer-undone
    call.cancelTimer?.();
    // guard: queue/places-back
    this.#places.leave(call.place);
  }

  #lineOf(principal: Principal): Line {
    const sharer = sharerOf(principal);
    let line = this.#bySharer.get(sharer);
    if (line === undefined) {
      const weight = this.#options.weightOf?.(principal) ?? 1;
      line = { sharer, weight, credit: weight, calls: [] };
      this.#bySharer.set(sharer, line);
      this.#lines.push(line);
    }
    return line;
  }

  #giveUp(call: QueuedCall, waitedMs: number): void {
    const message = `One of ${this.#size} ${this.#options.what} has had no turn in ${waitedMs} ms`;
    this.#remove(call);
    call.waiter.onRefused(new GatewayError('OMNI_OVERLOADED', message));
  }
}

/** Calls of a line that go in so many of its next turns. */
function callsIn({ calls, credit, weight }: Line, turns: number): number {
  return turns === 0 ? 0 : Math.min(calls.length, credit + (turns - 1) * weight);
}
