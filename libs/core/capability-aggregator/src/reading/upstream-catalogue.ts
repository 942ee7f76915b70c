import type { JsonSpan } from '@omni/jsonrpc';
import type { ListKind, ToolHints } from '@omni/model';
import type { Era } from '@omni/ports';
import type { HeaderParam } from './header-params.ts';

/** One listed item, as the upstream wrote it. */
export interface CatalogueItem {
  /** What identifies it within its upstream: `name`, `uri` or `uriTemplate`. */
  readonly key: string;
  /** Its JSON, byte for byte (a tool whose `inputSchema` lacked the root type has it added). */
  readonly text: string;
  /** Where the key's JSON string stands in `text`. */
  readonly keySpan: JsonSpan;
}

/** A tool, with what clients of each era need to know of it. */
export interface ToolItem extends CatalogueItem {
  readonly facts: ToolFacts;
  /** How legacy clients see it. */
  readonly legacy: LegacyTool;
}

/** What a call of the tool has to respect. */
export interface ToolFacts {
  /** Legacy clients see a wrapped output schema: their `structuredContent` must be `{"result": <value>}`. */
  readonly wrapsOutput: boolean;
  /** Arguments that HTTP clients of the modern era repeat as headers. */
  readonly headerParams: readonly HeaderParam[];
  readonly hints: ToolHints;
}

/** A tool in the shape of the legacy era, or why it has none. */
export type LegacyTool =
  | { readonly kind: 'listed'; readonly text: string; readonly keySpan: JsonSpan }
  | { readonly kind: 'withheld'; readonly reason: string };

/** An item that is not offered, alone, and why. */
export interface WithheldItem {
  readonly list: ListKind;
  /** The item's key, or its place in the list (`#3`) when it could not be read. */
  readonly key: string;
  readonly reason: string;
}

/** One list of an upstream. */
export interface UpstreamList<Item extends CatalogueItem = CatalogueItem> {
  readonly items: readonly Item[];
  /** How long the upstream lets its list be cached, in milliseconds; `undefined` when it did not say. */
  readonly ttlMs: number | undefined;
  /** Why the list stops early; `undefined` when it is whole. */
  readonly partial: string | undefined;
  /** Why there is no list; `undefined` when there is one. */
  readonly problem: string | undefined;
  /** What it keeps in memory: the pages that it came in, what was made of them, and the objects. */
  readonly bytes: number;
  /** Of a character of its text. */
  readonly characterBytes: 1 | 2;
}

/** Everything that one upstream offers. */
export interface UpstreamCatalogue {
  readonly upstream: string;
  readonly era: Era;
  /** Its capabilities as a JSON object. */
  readonly capabilities: string;
  readonly instructions: string | undefined;
  /** What it calls itself, as a JSON object. Self-reported: for display only. */
  readonly serverInfo: string | undefined;
  readonly tools: UpstreamList<ToolItem>;
  readonly resources: UpstreamList;
  readonly templates: UpstreamList;
  readonly prompts: UpstreamList;
  readonly withheld: readonly WithheldItem[];
}

/** A list that was not offered or could not be read. */
export function emptyList(problem?: string): UpstreamList<never> {
  return { items: [], ttlMs: undefined, partial: undefined, problem, bytes: 0, characterBytes: 1 };
}
