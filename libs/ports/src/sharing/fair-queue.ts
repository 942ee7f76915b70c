import type { CancelTimer, Clock } from '../clock.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { type Principal, sharerOf } from '../principal.ts';
import type { FairPlaces, Share } from './fair-places.ts';

/** A call that waits. It is told one of the two, once, unless it withdraws. */
export interface Waiter {
  /** What it is for, so that all of a kind can be failed; absent where nobody asks. */
  readonly key?: string | undefined;
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
  /** So many calls may wait, here and in other queues with the same room. */
  readonly room: FairPlaces;
  /** The longest that a call may wait. */
  readonly maxWaitMs: number;
  /** What waits, in the plural, e.g. `calls waiting for "sums"`. */
  readonly what: string;
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

/** Bounds of what a refused one is told to wait. */
const MIN_RETRY_S = 1;
const MAX_RETRY_S = 60;
/** Weight of the latest wait for a turn among those before it. */
const LATEST_WEIGHT = 0.25;

/**
 * A queue in which users take turns, so that a user with a thousand waiting calls is served as often as one
 * with a single call. Bounded in calls, which users share as every limit, and in the time that each waits.
 */
export class FairQueue {
  readonly #options: FairQueueOptions;
  /** Users with waiting calls; the first one has the turn. */
  readonly #lines: Line[] = [];
  readonly #bySharer = new Map<string, Line>();
  #size = 0;
  /** How long it takes from one turn to the next, as a rule. */
  #turnMs = 0;
  /** When the last turn was, or the first call of those that wait came. */
  #lastTurnMs = 0;

  constructor(options: FairQueueOptions) {
    this.#options = options;
  }

  /** Calls that wait. */
  get size(): number {
    return this.#size;
  }

  /** Whether a call of this user waits. */
  holds(principal: Principal): boolean {
    return this.#bySharer.has(sharerOf(principal));
  }

  /**
   * @param waitMs - The longest that this call may wait, if that is less than `maxWaitMs`.
   * @returns Its ticket; or `OMNI_QUEUE_FULL` when there is no place for it.
   */
  join(principal: Principal, waiter: Waiter, waitMs = Number.POSITIVE_INFINITY): QueueTicket | GatewayError {
    const place = this.#options.room.take(principal);
    // guard: queue/full
    if (place instanceof GatewayError) return this.#full(principal, place);
    if (this.#size === 0) this.#lastTurnMs = this.#options.clock.monotonicMs();
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
    const nowMs = this.#options.clock.monotonicMs();
    this.#turnMs += (nowMs - this.#lastTurnMs - this.#turnMs) * LATEST_WEIGHT;
    this.#lastTurnMs = nowMs;
    // guard: queue/turns
    if (line.credit === 0 && this.#lines[0] === line) {
      line.credit = line.weight;
      this.#lines.shift();
      this.#lines.push(line);
    }
    call.waiter.onTurn();
    return true;
  }

  /**
   * Ends the wait of all of a kind, e.g. when a breaker opens. Those that come meanwhile are not among them.
   *
   * @param key - Of the waiters. Default: all are meant.
   */
  fail(error: GatewayError, key?: string): void {
    const calls = this.#lines
      .flatMap((line) => line.calls)
      .filter(({ waiter }) => key === undefined || waiter.key === key);
    for (const call of calls) this.#remove(call);
    for (const call of calls) call.waiter.onRefused(error);
  }

  #ticketOf(call: QueuedCall): QueueTicket {
    const position = (): number | undefined =>
      call.isWaiting ? this.#positionIn(call.line, call.line.calls.indexOf(call)) : undefined;
    return {
      get position() {
        return position();
      },
      withdraw: () => this.#remove(call),
    };
  }

  /** @param line - `undefined`: a new one. @param before - Calls of it that stand before. */
  #positionIn(line: Line | undefined, before: number): number {
    const { credit, weight } = line ?? { credit: 1, weight: 1 };
    // Turns of its line before its own; none where the credit of this turn lasts.
    const turns = 1 + Math.floor((before - credit) / weight);
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
    this.#options.room.leave(call.place);
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

  #full(principal: Principal, { message, hint }: GatewayError): GatewayError {
    const line = this.#bySharer.get(sharerOf(principal));
    return this.#refusal(message, this.#positionIn(line, line?.calls.length ?? 0), hint);
  }

  #giveUp(call: QueuedCall, waitedMs: number): void {
    const { line } = call;
    const message = `One of ${this.#size} ${this.#options.what} has had no turn in ${Math.round(waitedMs)} ms`;
    const refusal = this.#refusal(message, this.#positionIn(line, line.calls.indexOf(call)));
    this.#remove(call);
    call.waiter.onRefused(refusal);
  }

  /** @param position - That it has, or would have. */
  #refusal(message: string, position: number, hint?: string): GatewayError {
    const sinceMs = this.#options.clock.monotonicMs() - this.#lastTurnMs;
    const waitS = Math.ceil((position * Math.max(this.#turnMs, this.#size === 0 ? 0 : sinceMs)) / 1_000);
    return new GatewayError('OMNI_QUEUE_FULL', message, {
      ...(hint !== undefined && { hint }),
      data: { position },
      retryAfterS: Math.min(MAX_RETRY_S, Math.max(MIN_RETRY_S, waitS)),
    });
  }
}

/** Calls of a line that go in so many of its next turns. */
function callsIn({ calls, credit, weight }: Line, turns: number): number {
  return turns === 0 ? 0 : Math.min(calls.length, credit + (turns - 1) * weight);
}
