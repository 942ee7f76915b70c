import type { OwnedName } from '../names/exposed-name.ts';

/** An item with the bytes that it takes in an answer. */
export interface SizedItem extends OwnedName {
  readonly bytes: number;
}

/**
 * The items that fit one answer. Where they do not all, each upstream gets an equal part of it, and what one
 * does not need goes to the others: a long list leaves out its own items, never those of another server.
 */
export function fittingItems<Item extends SizedItem>(
  items: readonly Item[],
  maxBytes: number,
): readonly Item[] {
  const needed = new Map<string, number>();
  let total = 0;
  for (const { upstream, bytes } of items) {
    total += bytes;
    needed.set(upstream, (needed.get(upstream) ?? 0) + bytes);
  }
  if (total <= maxBytes) return items;
  const left = new Map<string, number>();
  let free = maxBytes;
  let waiting = needed.size;
  for (const [upstream, bytes] of [...needed].sort(([, a], [, b]) => a - b)) {
    const part = Math.min(bytes, Math.floor(free / waiting));
    left.set(upstream, part);
    free -= part;
    waiting--;
  }
  return items.filter(({ upstream, bytes }) => {
    const room = left.get(upstream) ?? 0;
    // guard: list/answer
    if (bytes > room) return false;
    left.set(upstream, room - bytes);
    return true;
  });
}
