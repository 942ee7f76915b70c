import { LIST_KINDS } from '@omni/model';
import type { UpstreamCatalogue, UpstreamList } from '../reading/upstream-catalogue.ts';

/**
 * Whether nothing that anybody can see differs, so that what was built from the one is still right for the
 * other.
 */
export function isSameCatalogue(a: UpstreamCatalogue | undefined, b: UpstreamCatalogue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.era === b.era &&
    a.capabilities === b.capabilities &&
    a.instructions === b.instructions &&
    a.serverInfo === b.serverInfo &&
    LIST_KINDS.every((kind) => isSameList(a[kind], b[kind])) &&
    a.withheld.length === b.withheld.length &&
    a.withheld.every(({ list, key, reason }, index) => {
      const other = b.withheld[index];
      return list === other?.list && key === other.key && reason === other.reason;
    })
  );
}

/** Everything else about an item follows from its text. */
function isSameList(a: UpstreamList, b: UpstreamList): boolean {
  return a.ttlMs === b.ttlMs && a.partial === b.partial && a.problem === b.problem && haveSameItems(a, b);
}

/**
 * Whether two readings offer the same items, so that nobody misses anything who is shown the one in place of
 * the other.
 */
export function offersSame(a: UpstreamCatalogue, b: UpstreamCatalogue): boolean {
  return LIST_KINDS.every((kind) => haveSameItems(a[kind], b[kind]));
}

/** Whether the lists hold the same items in the same order. */
export function haveSameItems(a: UpstreamList, b: UpstreamList): boolean {
  return (
    a.items.length === b.items.length && a.items.every(({ text }, index) => text === b.items[index]?.text)
  );
}
