import type { Clock } from '@omni/ports';
import type { VerifiedToken } from './verified-token.ts';

interface Entry {
  readonly token: VerifiedToken;
  readonly untilMs: number;
}

export interface VerifiedTokensOptions {
  readonly clock: Clock;
  /** Default 10,000. */
  readonly maxTokens?: number;
}

const MAX_TOKENS = 10_000;
/** Of one principal: who has many forgets its own first. */
const MAX_OF_ONE = 32;

/**
 * Tokens that were verified a moment ago, by their digests: until their time is over or they end, whichever
 * comes first.
 */
export class VerifiedTokens {
  readonly #clock: Clock;
  readonly #maxTokens: number;
  /** The one that was verified longest ago first. */
  readonly #entries = new Map<string, Entry>();
  readonly #ofPrincipal = new Map<string, Set<string>>();

  constructor({ clock, maxTokens = MAX_TOKENS }: VerifiedTokensOptions) {
    this.#clock = clock;
    this.#maxTokens = maxTokens;
  }

  get size(): number {
    return this.#entries.size;
  }

  find(digest: string): VerifiedToken | undefined {
    const entry = this.#entries.get(digest);
    if (entry === undefined) return undefined;
    const { token, untilMs } = entry;
    // The wall clock may have been set forward meanwhile.
    const isOver =
      /* guard: identity/cache-time */ this.#clock.monotonicMs() >= untilMs ||
      (token.expiresAt !== undefined && this.#clock.now() >= token.expiresAt);
    if (!isOver) return token;
    this.#forget(digest, token);
    return undefined;
  }

  add(digest: string, token: VerifiedToken): void {
    const { expiresAt = Infinity, issuer } = token;
    const lastsMs = /* guard: identity/cache-end */ Math.min(issuer.cacheMs, expiresAt - this.#clock.now());
    if (!(lastsMs > 0)) return;
    const former = this.#entries.get(digest);
    if (former !== undefined) this.#forget(digest, former.token);
    const known = this.#ofPrincipal.get(token.principal.id);
    if (known !== undefined && known.size >= MAX_OF_ONE) this.#forgetFirst(known);
    // guard: identity/cache-size
    if (this.#entries.size >= this.#maxTokens) this.#forgetFirst(this.#entries.keys());
    this.#keep(digest, { token, untilMs: this.#clock.monotonicMs() + lastsMs });
  }

  /** Forgets all tokens of a principal: they are verified again. */
  revoke(principalId: string): void {
    for (const digest of this.#ofPrincipal.get(principalId) ?? []) this.#entries.delete(digest);
    this.#ofPrincipal.delete(principalId);
  }

  #keep(digest: string, entry: Entry): void {
    this.#entries.set(digest, entry);
    const { id } = entry.token.principal;
    const known = this.#ofPrincipal.get(id);
    if (known === undefined) this.#ofPrincipal.set(id, new Set([digest]));
    else known.add(digest);
  }

  #forget(digest: string, { principal: { id } }: VerifiedToken): void {
    this.#entries.delete(digest);
    const known = this.#ofPrincipal.get(id);
    known?.delete(digest);
    if (known?.size === 0) this.#ofPrincipal.delete(id);
  }

  #forgetFirst(digests: Iterable<string>): void {
    for (const digest of digests) {
      const entry = this.#entries.get(digest);
      if (entry !== undefined) this.#forget(digest, entry.token);
      return;
    }
  }
}
