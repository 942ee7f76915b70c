import {
  entryAt,
  kindOf,
  textAt,
  type LocatedEntry,
  type LocatedMap,
  type LocatedValue,
} from '../document/located-value.ts';
import type { ClientFormat } from './client-format.ts';
import { PARTS_OF_CLIENTS } from './entry-keys.ts';

/** Blocks that could be something else, and count only where servers stand in them. */
const COMMON_WORDS: ReadonlySet<string> = new Set(['mcp', 'extensions', 'mcp_config', 'servers']);
const SERVER_SIGNS: readonly string[] = ['command', 'cmd', 'url', 'serverUrl', 'httpUrl', 'uri'];
const NAMES: readonly string[] = ['name', 'id', 'key', 'title'];
const DEEPEST = 4;

/** A place of a source that holds servers. */
export interface ServerBlock {
  /** Its keys, joined by dots, as written. */
  readonly path: string;
  readonly entry: LocatedEntry;
}

export interface FoundBlocks {
  readonly blocks: ServerBlock[];
  /** Keys of the root that lead to blocks. */
  readonly used: ReadonlySet<string>;
}

/**
 * Finds the blocks of servers.
 *
 * @param paths - Where they may be; of two of which one starts with the other, the first counts.
 */
export function findBlocks(root: LocatedMap, paths: readonly (readonly string[])[]): FoundBlocks {
  const blocks: ServerBlock[] = [];
  const used = new Set<string>();
  for (const path of paths) {
    const [first = ''] = path;
    if (used.has(first)) continue;
    const entry = entryAt(root, path);
    if (entry === undefined) continue;
    const isPlain =
      path.length === 1 && (!COMMON_WORDS.has(first) || (first === 'servers' && entry.value.kind === 'map'));
    if (!isPlain && !holdsServers(entry.value)) continue;
    used.add(first);
    blocks.push({ path: path.join('.'), entry });
  }
  blocks.sort((a, b) => a.entry.at.line - b.entry.at.line || a.entry.at.column - b.entry.at.column);
  return { blocks, used };
}

/** The root itself, where nothing else holds servers and some of its members look like some. */
export function serversAtRoot(root: LocatedMap): ReadonlyMap<string, LocatedEntry> {
  return new Map([...root.entries].filter(([, { value }]) => looksLikeServer(value)));
}

export function looksLikeServer(value: LocatedValue): boolean {
  if (value.kind !== 'map') return false;
  return SERVER_SIGNS.some((key) => value.entries.has(key)) || partOf(value) !== undefined;
}

/**
 * The client that a server is a part of; `undefined` for one that runs by itself.
 *
 * @param format - Whose file it stands in, where that is known.
 */
export function partOf(server: LocatedMap, format?: ClientFormat): string | undefined {
  if (SERVER_SIGNS.some((key) => server.entries.has(key))) return undefined;
  const isOwn = format?.partSigns?.some((key) => server.entries.has(key)) === true;
  return (
    PARTS_OF_CLIENTS.get(textAt(server, 'type') ?? '') ??
    PARTS_OF_CLIENTS.get(textAt(server, 'source') ?? '') ??
    (isOwn ? format?.client : undefined)
  );
}

/** The members of a block by name, those of a list by what they say they are called. */
export function membersOf(block: LocatedEntry): readonly (readonly [name: string, LocatedEntry])[] | string {
  const { value } = block;
  if (value.kind === 'map') return [...value.entries];
  if (value.kind !== 'list') return kindOf(value);
  return value.items.map((item, index) => {
    const name =
      item.kind === 'map'
        ? NAMES.map((key) => textAt(item, key)).find((text) => text !== undefined)
        : undefined;
    return [
      name ?? `server-${index + 1}`,
      { written: name ?? String(index), at: item.at, value: item },
    ] as const;
  });
}

/** Blocks deeper in what is not read, such as the servers of single folders: their paths. */
export function hiddenBlocks(value: LocatedValue, path: string, depth = 0): readonly string[] {
  if (value.kind !== 'map' || depth > DEEPEST) return [];
  return [...value.entries].flatMap(([key, entry]) => {
    const below = `${path}.${key}`;
    if (key === 'mcpServers' && entry.value.kind === 'map' && entry.value.entries.size > 0) return [below];
    return hiddenBlocks(entry.value, below, depth + 1);
  });
}

function holdsServers(value: LocatedValue): boolean {
  if (value.kind === 'list') return value.items.some(looksLikeServer) || value.items.some(hasNestedServer);
  return (
    value.kind === 'map' &&
    [...value.entries.values()].some((entry) => looksLikeServer(entry.value) || hasNestedServer(entry.value))
  );
}

/** `{ transport: { command } }`, `{ type, config: { command } }`. */
function hasNestedServer(value: LocatedValue): boolean {
  return (
    value.kind === 'map' &&
    ['transport', 'config', 'connection'].some((key) => {
      const inner = value.entries.get(key)?.value;
      return inner?.kind === 'map' && looksLikeServer(inner);
    })
  );
}
