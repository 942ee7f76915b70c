import type { TokenBuckets } from './token-buckets.ts';

/** Whose rate is limited. */
export type RateScope = 'principal' | 'session' | 'upstream' | 'capability';

/** The keys of one call; a scope without a key has no limit for it. */
export type RateKeys = Readonly<Partial<Record<RateScope, string>>>;

/** Why a call may not go on. */
export interface RateRefusal {
  /** The first of those that have no token left. */
  readonly scope: RateScope;
  /** Until all of them have one. */
  readonly retryAfterMs: number;
}

/** From whom asks to what is asked for. */
const ORDER: readonly RateScope[] = ['principal', 'session', 'upstream', 'capability'];

/** Limiters of one call in their fixed order. A call takes a token of each, or of none. */
export class RateLimits {
  readonly #buckets: Readonly<Partial<Record<RateScope, TokenBuckets>>>;

  constructor(buckets: Readonly<Partial<Record<RateScope, TokenBuckets>>>) {
    this.#buckets = buckets;
  }

  /** @returns `undefined` when the call may go on. */
  take(keys: RateKeys): RateRefusal | undefined {
    let first: RateScope | undefined;
    let retryAfterMs = 0;
    for (const scope of ORDER) {
      const waitMs = this.#waitMs(scope, keys[scope]);
      if (waitMs > 0) first ??= scope;
      retryAfterMs = Math.max(retryAfterMs, waitMs);
    }
    // guard: rate/all-or-none
    if (first !== undefined) return { scope: first, retryAfterMs };
    for (const scope of ORDER) {
      const key = keys[scope];
      if (key !== undefined) this.#buckets[scope]?.take(key);
    }
    return undefined;
  }

  #waitMs(scope: RateScope, key: string | undefined): number {
    return key === undefined ? 0 : (this.#buckets[scope]?.waitMs(key) ?? 0);
  }
}
