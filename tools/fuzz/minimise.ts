import { replaced } from './byte-mutations.ts';

export interface MinimiseOptions {
  /** Whether an input still shows what the first one showed. */
  readonly isSame: (input: Uint8Array) => boolean | Promise<boolean>;
  /** Most inputs that are tried. Default 2,000. */
  readonly maxTries?: number;
  /** Longest time it may take. Default 10,000. */
  readonly maxMs?: number;
}

/**
 * Makes an input smaller while it shows the same: takes chunks out, longer ones first, then makes what is
 * left plain.
 */
export async function minimise(
  input: Uint8Array,
  { isSame, maxTries = 2_000, maxMs = 10_000 }: MinimiseOptions,
): Promise<Uint8Array> {
  let best = input;
  let tries = 0;
  const began = performance.now();
  const isOver = (): boolean => tries >= maxTries || performance.now() - began >= maxMs;
  const attempt = async (candidate: Uint8Array): Promise<boolean> => {
    if (isOver()) return false;
    tries++;
    if (!(await isSame(candidate))) return false;
    best = candidate;
    return true;
  };
  const nothing = new Uint8Array(0);
  for (let size = best.length >> 1; size >= 1; size = size > 1 ? size >> 1 : 0) {
    for (let at = 0; at < best.length && !isOver();) {
      if (!(await attempt(replaced(best, at, Math.min(best.length, at + size), nothing)))) at += size;
    }
  }
  for (let at = 0; at < best.length && !isOver(); at++) {
    const byte = best[at];
    if (byte === undefined || (byte >= 0x20 && byte < 0x7f)) continue;
    await attempt(replaced(best, at, at + 1, Uint8Array.of(0x61)));
  }
  return best;
}
