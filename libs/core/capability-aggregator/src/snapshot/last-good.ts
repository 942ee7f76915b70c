import type { UpstreamCatalogue, UpstreamList } from '../reading/upstream-catalogue.ts';

/**
 * What is shown after a reading. A list that could not be read does not replace one that is held, and one that stops early does not
 * replace a longer one; the problem is told beside it.
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
  return isWorse ? { ...next, items: held.items, ttlMs: held.ttlMs } : next;
}
