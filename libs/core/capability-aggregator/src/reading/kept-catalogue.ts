import { LIST_KINDS, type ListKind } from '@omni/model';
import type { Era } from '@omni/ports';
import { readItem, readTool, type ItemReading } from './catalogue-item.ts';
import { ITEM_BYTES, bytesPerCharacter } from './stored-bytes.ts';
import {
  emptyList,
  type CatalogueItem,
  type UpstreamCatalogue,
  type UpstreamList,
} from './upstream-catalogue.ts';

/** One list of an upstream in the form in which it is kept over restarts: UTF-8 of JSON. */
export interface KeptList {
  readonly kind: ListKind;
  readonly bytes: Uint8Array;
}

/** What a list is kept as. Each says of the server what the catalogue needs: lists are kept one by one. */
interface Kept {
  readonly format: typeof FORMAT;
  readonly era: Era;
  readonly capabilities: string;
  readonly instructions?: string | undefined;
  readonly serverInfo?: string | undefined;
  /** The items as their server wrote them. */
  readonly items: readonly string[];
}

const FORMAT = 1;

/** The lists of a catalogue that were read, for {@link restoredCatalogue} of a later process. */
export function keptLists(catalogue: UpstreamCatalogue): readonly KeptList[] {
  const { era, capabilities, instructions, serverInfo } = catalogue;
  return LIST_KINDS.filter((kind) => catalogue[kind].problem === undefined).map((kind) => {
    const items = catalogue[kind].items.map(({ text }) => text);
    const kept: Kept = { format: FORMAT, era, capabilities, instructions, serverInfo, items };
    return { kind, bytes: new TextEncoder().encode(JSON.stringify(kept)) };
  });
}

/**
 * What an upstream offered when it was read last: every item is checked as if it had just been read.
 *
 * @returns `undefined` where nothing of it can be used.
 */
export function restoredCatalogue(
  upstream: string,
  lists: readonly KeptList[],
): UpstreamCatalogue | undefined {
  const kept = new Map(
    lists.flatMap(({ kind, bytes }) => {
      const list = keptOf(bytes);
      return list === undefined ? [] : [[kind, list] as const];
    }),
  );
  const [about] = kept.values();
  if (about === undefined) return undefined;
  const list = <Item extends CatalogueItem>(
    kind: ListKind,
    check: (text: string) => ItemReading<Item>,
  ): UpstreamList<Item> => restoredList(kept.get(kind)?.items ?? [], check);
  const { era, capabilities, instructions, serverInfo } = about;
  return {
    upstream,
    era,
    capabilities,
    instructions,
    serverInfo,
    tools: list('tools', readTool),
    resources: list('resources', (text) => readItem('resources', text)),
    templates: list('templates', (text) => readItem('templates', text)),
    prompts: list('prompts', (text) => readItem('prompts', text)),
    withheld: [],
  };
}

function restoredList<Item extends CatalogueItem>(
  texts: readonly string[],
  check: (text: string) => ItemReading<Item>,
): UpstreamList<Item> {
  const items = new Map<string, Item>();
  let length = 0;
  let characterBytes: 1 | 2 = 1;
  for (const text of texts) {
    const reading = check(text);
    if (!('item' in reading)) continue;
    items.set(reading.item.key, reading.item);
    length += text.length + (reading.madeLength ?? 0);
    if (bytesPerCharacter(text) === 2) characterBytes = 2;
  }
  const bytes = length * characterBytes + items.size * ITEM_BYTES;
  return { ...emptyList(), items: [...items.values()], bytes, characterBytes };
}

/** What was written by another version of Omni, or is damaged, is not there. */
function keptOf(bytes: Uint8Array): Kept | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  return isKept(value) ? value : undefined;
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  // Every object has members, known or not.
  const { format, era, capabilities, instructions, serverInfo, items } = value as Record<string, unknown>;
  return (
    format === FORMAT &&
    (era === 'legacy' || era === 'modern') &&
    typeof capabilities === 'string' &&
    isTextOrAbsent(instructions) &&
    isTextOrAbsent(serverInfo) &&
    Array.isArray(items) &&
    items.every((item) => typeof item === 'string')
  );
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
