import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { isOwner, type Principal, sharerOf } from '../principal.ts';

/** What one sharer has of {@link FairPlaces}. */
export interface Share {
  readonly sharer: string;
  taken: number;
}

/** Something that holds a place, and may have been left behind. */
export interface Occupant {
  readonly share: Share;
  /** Monotonic: since when nobody waits for anything of it; `undefined` while somebody does. */
  readonly idleSinceMs: number | undefined;
  /** Ends it. Its place has been left when this returns. */
  giveWay(): void;
}

export interface FairPlacesOptions {
  /** Places that one sharer may take, and all of them together; beyond it, see {@link FairPlaces}. */
  readonly capacity: number;
  /** What they are, in the plural, e.g. `requests under way`. */
  readonly what: string;
  /** The setting that is the capacity; absent where it is fixed. */
  readonly setting?: string;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** So large a part of what is shared is there once more for those who have less than an equal part. */
export const RESERVE_PART = 4;
/** And so many more for the owner. */
const OWNER_RESERVE = 16;
/** Bounds of what a refused one is told to wait. */
const MIN_RETRY_S = 1;
const MAX_RETRY_S = 60;
/** Weight of the latest wait among those before it. */
const LATEST_WEIGHT = 0.25;
/** Sharers without a place are forgotten when there are so many, or twice as many as those with one. */
const MIN_FORGOTTEN = 64;

/**
 * Places that sharers divide: users, and connections where everybody is the same user.
 *
 * Whoever is alone may take all. When all are taken, there is a quarter more, for those who have less than an
 * equal part: each gets a further place as long as it has fewer than are left of that quarter, so nobody can
 * use it up for others. The owner has some more.
 */
export class FairPlaces {
  readonly #options: FairPlacesOptions;
  #capacity: number;
  #setting: string | undefined;
  #reserve: number;
  readonly #shares = new Map<string, Share>();
  #forgetAt = MIN_FORGOTTEN;
  #taken = 0;
  /** Those that have a place. */
  #sharers = 0;
  /** Since when somebody waits for a place to be left; `undefined` while nobody has been refused. */
  #waitingSinceMs: number | undefined;
  /** How long that takes as a rule. */
  #usualWaitMs = 0;

  constructor(options: FairPlacesOptions) {
    this.#options = options;
    this.#capacity = options.capacity;
    this.#setting = options.setting;
    this.#reserve = reserveOf(options.capacity);
  }

  get capacity(): number {
    return this.#capacity;
  }

  /**
   * From now on there are so many; those that are taken stay so.
   *
   * @param setting - What has made them so many. Default: that of the options.
   */
  resize(capacity: number, setting: string | undefined = this.#options.setting): void {
    this.#capacity = capacity;
    this.#setting = setting;
    this.#reserve = reserveOf(capacity);
  }

  get taken(): number {
    return this.#taken;
  }

  /** Whether those who have many places get no more. */
  get isFull(): boolean {
    return this.#taken >= this.#capacity;
  }

  /**
   * @param beyond - So many more may be taken by this one.
   *
   * @returns What {@link leave} takes; or why there is no place.
   */
  take(principal: Principal, beyond = 0): Share | GatewayError {
    const share = this.#shareOf(sharerOf(principal));
    // guard: places/full
    if (this.#taken >= this.#capacity + beyond && !this.#mayExceed(principal, share))
      return this.#refusal(principal, share);
    return this.#grant(share);
  }

  /** Whether {@link take} would find a place. */
  hasRoomFor(principal: Principal): boolean {
    return !this.isFull || this.#mayExceed(principal, this.#shareOf(sharerOf(principal)));
  }

  /**
   * As {@link take}; when all are taken, what was left behind gives way: the oldest of the same sharer, or of
   * one with more than its part.
   */
  takeOver(principal: Principal, occupants: Iterable<Occupant>): Share | GatewayError {
    const leftover = this.isFull ? this.#leftoverFor(sharerOf(principal), occupants) : undefined;
    if (leftover === undefined) return this.take(principal);
    leftover.giveWay();
    return this.#grant(this.#shareOf(sharerOf(principal)));
  }

  leave(share: Share): void {
    share.taken--;
    this.#taken--;
    if (share.taken === 0) this.#sharers--;
    if (this.#waitingSinceMs !== undefined) this.#onLeft(this.#waitingSinceMs);
  }

  #grant(share: Share): Share {
    if (share.taken === 0) this.#sharers++;
    share.taken++;
    this.#taken++;
    return share;
  }

  #mayExceed(principal: Principal, share: Share): boolean {
    const { taken } = share;
    const left = this.#capacity + this.#reserve - this.#taken;
    const hasFew = /* guard: places/few */ taken < left;
    if (hasFew && taken + 1 <= this.#partOf(share)) return true;
    return /* guard: places/owner */ isOwner(principal) && taken < Math.min(OWNER_RESERVE, this.#reserve);
  }

  #leftoverFor(sharer: string, occupants: Iterable<Occupant>): Occupant | undefined {
    const part = this.#partOf(this.#shares.get(sharer));
    let own: Occupant | undefined;
    let others: Occupant | undefined;
    for (const occupant of occupants) {
      const { idleSinceMs, share } = occupant;
      // guard: places/in-use
      if (idleSinceMs === undefined) continue;
      if (share.sharer === sharer) own = olderOf(own, occupant, idleSinceMs);
      else if (/* guard: places/part */ share.taken > part) others = olderOf(others, occupant, idleSinceMs);
    }
    return own ?? others;
  }

  /** What each would have if all had as much. @param share - Of one that is to be among them. */
  #partOf(share: Share | undefined): number {
    const isNew = share === undefined || share.taken === 0;
    return this.#capacity / (this.#sharers + (isNew ? 1 : 0));
  }

  #shareOf(sharer: string): Share {
    let share = this.#shares.get(sharer);
    if (share === undefined) {
      if (this.#shares.size >= this.#forgetAt) this.#forget();
      this.#shares.set(sharer, (share = { sharer, taken: 0 }));
    }
    return share;
  }

  #forget(): void {
    for (const [sharer, { taken }] of this.#shares) if (taken === 0) this.#shares.delete(sharer);
    this.#forgetAt = Math.max(MIN_FORGOTTEN, 2 * this.#shares.size);
  }

  #onLeft(waitingSinceMs: number): void {
    const nowMs = this.#options.clock.monotonicMs();
    const waitMs = nowMs - waitingSinceMs;
    this.#usualWaitMs += (waitMs - this.#usualWaitMs) * LATEST_WEIGHT;
    this.#waitingSinceMs = this.isFull ? nowMs : undefined;
  }

  #refusal(principal: Principal, { taken }: Share): GatewayError {
    const { what, clock } = this.#options;
    const [capacity, setting] = [this.#capacity, this.#setting];
    const nowMs = clock.monotonicMs();
    this.#waitingSinceMs ??= nowMs;
    // Nobody knows better than: as long as usual, and no less than it has taken up to now.
    const waitMs = Math.max(this.#usualWaitMs, nowMs - this.#waitingSinceMs);
    const retryAfterS = Math.min(MAX_RETRY_S, Math.max(MIN_RETRY_S, Math.ceil(waitMs / 1_000)));
    const who = principal.connection === undefined ? `"${principal.id}"` : 'This connection';
    const limit = setting === undefined ? '' : ` (${setting} is ${capacity})`;
    const message =
      taken === 0
        ? `All users together have ${this.#taken} ${what}, which is the most${limit}`
        : `${who} has ${taken} of ${this.#taken} ${what} and gets no more now${limit}`;
    const wait = `Try again in ${retryAfterS} s, or when one of them has ended`;
    const hint = setting === undefined ? `${wait}.` : `${wait}; the owner of Omni can raise ${setting}.`;
    return new GatewayError('OMNI_OVERLOADED', message, { hint, retryAfterS });
  }
}

function reserveOf(capacity: number): number {
  return Math.max(1, Math.floor(capacity / RESERVE_PART));
}

function olderOf(oldest: Occupant | undefined, other: Occupant, idleSinceMs: number): Occupant {
  return oldest?.idleSinceMs !== undefined && oldest.idleSinceMs <= idleSinceMs ? oldest : other;
}
