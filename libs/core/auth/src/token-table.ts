import type { Principal } from '@omni/ports';

/** A token that opens Omni. */
export interface AcceptedToken {
  /** Free of secrets; becomes the id of the principal. */
  readonly id: string;
  readonly token: string;
}

interface Entry {
  readonly token: string;
  readonly principal: Principal;
}

/**
 * Stands for the token where no other one is in question: its comparison takes as long, and its outcome does
 * not count.
 */
const NOBODY = '';

/**
 * Whose token is it: one hash and one comparison, however many tokens there are.
 *
 * The hash is keyed with random numbers of this process, so that the time of a look-up tells nothing about a
 * token, and the comparison has no early exit. Two hundred comparisons for each request would cost more than
 * all the rest of its checks.
 */
export class TokenTable {
  readonly #entries: ReadonlyMap<number, Entry>;
  readonly #seed: number;
  readonly #factor: number;

  /** @param tokens - Of tokens that are the same the first counts. */
  constructor(tokens: readonly AcceptedToken[]) {
    const first = new Map<string, Entry>();
    for (const { id, token } of tokens) {
      if (!first.has(token))
        first.set(token, {
          token,
          principal: /* guard: token/frozen */ Object.freeze({ id, kind: 'token' }),
        });
    }
    for (;;) {
      const [seed = 0, factor = 0] = crypto.getRandomValues(new Uint32Array(2));
      const entries = new Map(
        [...first.values()].map((entry) => [keyedHash(entry.token, seed, factor), entry]),
      );
      // Two tokens of one hash are rare, and a matter of the key.
      if (entries.size < first.size) continue;
      this.#entries = entries;
      this.#seed = seed;
      this.#factor = factor;
      return;
    }
  }

  /** @param sent - At least one character. The number of steps is its length, whatever is found. */
  find(sent: string): Principal | undefined {
    const entry = this.#entries.get(keyedHash(sent, this.#seed, this.#factor));
    return isSame(sent, entry?.token ?? NOBODY) ? entry?.principal : undefined;
  }
}

/** 32 bits of every character, mixed so that each bit of the key and of the text matters. */
function keyedHash(text: string, seed: number, factor: number): number {
  const odd = factor | 1;
  let hash = seed | 0;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), odd);
    hash ^= hash >>> 15;
  }
  return hash;
}

/** Compares without an early exit: the number of steps is the length of `sent`. */
function isSame(sent: string, token: string): boolean {
  let difference = sent.length ^ token.length;
  // Behind the end of the token charCodeAt is NaN, which counts as 0 here; the lengths differ then anyway.
  for (let at = 0; at < sent.length; at++) difference |= sent.charCodeAt(at) ^ token.charCodeAt(at);
  return difference === 0;
}
