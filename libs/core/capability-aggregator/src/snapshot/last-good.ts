import { haveSameItems } from './same-catalogue.ts';
import type { UpstreamCatalogue, UpstreamList } from '../reading/upstream-catalogue.ts';

/**
 * What is shown after a reading. A list that could not be read does not replace one that is held, and one
 * that stops early does not replace a longer one; the problem is told beside it.
 */
export function withLastGood(held: UpstreamCatalogue, next: UpstreamCatalogue): UpstreamCatalogue {
  return {
    ...next,
    tools: betterList(held.tools, next.tools),
    resources: betterList(held.resources, next.resources),
    templates: betterList(held.templates, next.templates),
    prompts: betterList(held.prompts, next.prompts),
  };
}

function betterList<List extends UpstreamList>(held: List, next: List): List {
  const isWorse =
    next.problem !== undefined || (next.partial !== undefined && next.items.length < held.items.length);
  return isWorse ? { ...next, ...itemsOf(held), ttlMs: held.ttlMs } : next;
}

/**
 * The catalogue with the items of `base` in each list that has the same: what does not differ is kept once.
 */
export function sharing(base: UpstreamCatalogue, next: UpstreamCatalogue): UpstreamCatalogue {
  return {
    ...next,
    tools: sharedList(base.tools, next.tools),
    resources: sharedList(base.resources, next.resources),
    templates: sharedList(base.templates, next.templates),
    prompts: sharedList(base.prompts, next.prompts),
  };
}

function sharedList<List extends UpstreamList>(base: List, next: List): List {
  return haveSameItems(base, next) ? { ...next, ...itemsOf(base) } : next;
}

function itemsOf<List extends UpstreamList>({
  items,
  bytes,
  characterBytes,
}: List): Pick<UpstreamList, 'bytes' | 'characterBytes'> & { readonly items: List['items'] } {
  return { items, bytes, characterBytes };
}
