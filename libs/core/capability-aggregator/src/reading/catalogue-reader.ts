import {
  applyEdits,
  type JsonObject,
  memberOf,
  nullDrops,
  rawOf,
  type RpcMessage,
  scanJson,
  stringMember,
} from '@omni/jsonrpc';
import {
  LIST_KINDS,
  MODERN_VERSION,
  type Identity,
  type ListKind,
  type UpstreamConnection,
} from '@omni/model';
import { readItem, readTool, type ItemReading } from './catalogue-item.ts';
import type { ListRoom } from './list-budget.ts';
import {
  DEFAULT_LIST_LIMITS,
  type ListLimits,
  type ListWalkOptions,
  NO_ROOM,
  type WalkedList,
  walkList,
} from './list-walk.ts';
import { OPTIONAL_OF_CAPABILITIES } from './optional-members.ts';
import { safeText } from './safe-text.ts';
import {
  emptyList,
  type CatalogueItem,
  type UpstreamCatalogue,
  type UpstreamList,
  type WithheldItem,
} from './upstream-catalogue.ts';

export interface CatalogueReaderOptions {
  /** Told to modern upstreams with every request. */
  readonly identity: Identity;
  /** How much of each list is read; what is not given has its default. */
  readonly limits?: Partial<ListLimits>;
  /** Client capabilities that a modern upstream is told, as JSON. Default `{}`. */
  readonly capabilities?: string;
  /** Room for what is read. Default: as much as it takes. */
  readonly room?: ListRoom;
}

/** What an upstream said of itself in its handshake. */
interface Handshake {
  readonly capabilities: string;
  readonly declared: JsonObject | undefined;
  readonly instructions: string | undefined;
  readonly serverInfo: string | undefined;
}

const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo';
/** What a server declares that has anything to list. */
const LIST_CAPABILITIES = ['tools', 'resources', 'prompts'];
const CAPABILITIES_LIMITS = { maxDepth: 64, maxElements: 10_000 };
const MAX_CAPABILITIES_LENGTH = 65_536;
/** Lists are withheld item by item; of a server that sends only rubbish the first reasons are enough. */
const MAX_WITHHELD = 1_000;

/**
 * Reads everything that an upstream offers: the lists that its handshake declares, all pages, each item
 * checked alone.
 *
 * Never fails because of what the upstream sends: a list that cannot be read carries its problem, a malformed
 * item is in `withheld` with the reason, and the rest is there (PROTO-R20).
 */
export async function readCatalogue(
  connection: UpstreamConnection,
  { identity, limits, capabilities = '{}', room }: CatalogueReaderOptions,
): Promise<UpstreamCatalogue> {
  const handshake = readHandshake(connection.handshake);
  const walk = {
    envelope: connection.era === 'modern' ? envelopeMember(identity, capabilities) : '',
    limits: { ...DEFAULT_LIST_LIMITS, ...limits },
  };
  const withheld: Record<ListKind, WithheldItem[]> = { tools: [], resources: [], templates: [], prompts: [] };
  const read = async <Item extends CatalogueItem>(
    list: ListKind,
    check: (text: string) => ItemReading<Item>,
  ): Promise<UpstreamList<Item>> => {
    const capability = list === 'templates' ? 'resources' : list;
    // guard: walk/undeclared
    if (memberOf(handshake.declared, capability)?.object === undefined) {
      return list === 'tools' && listsNothing(handshake) ? undeclaredTools(connection, walk) : emptyList();
    }
    const hold = (bytes: number): boolean => room?.hold(list, bytes) ?? true;
    const walked = await walkList(connection, list, { ...walk, hold });
    const { items, bytes, isFull } = keptItems(list, walked, check, { withheld: withheld[list], hold });
    const { ttlMs, problem, characterBytes } = walked;
    const partial = walked.partial ?? (isFull ? NO_ROOM : undefined);
    return { items, ttlMs, partial, problem, bytes, characterBytes };
  };
  const [tools, resources, templates, prompts] = await Promise.all([
    read('tools', readTool),
    read('resources', (text) => readItem('resources', text)),
    read('templates', (text) => readItem('templates', text)),
    read('prompts', (text) => readItem('prompts', text)),
  ]);
  return {
    upstream: connection.upstream,
    era: connection.era,
    capabilities: handshake.capabilities,
    instructions: handshake.instructions,
    serverInfo: handshake.serverInfo,
    tools,
    resources,
    templates,
    prompts,
    withheld: LIST_KINDS.flatMap((kind) => withheld[kind]),
  };
}

function listsNothing({ declared }: Handshake): boolean {
  return LIST_CAPABILITIES.every((name) => memberOf(declared, name)?.object === undefined);
}

/**
 * What a server lists that has declared no list at all: some forget to, and their tools would be missing
 * without a word. They are not shown, as it may not mean them to be called.
 */
async function undeclaredTools(
  connection: UpstreamConnection,
  { envelope }: Pick<ListWalkOptions, 'envelope'>,
): Promise<UpstreamList<never>> {
  const limits = { maxPages: 1, maxItems: MAX_WITHHELD };
  const { texts } = await walkList(connection, 'tools', { envelope, limits, hold: () => true });
  const told = `the server lists ${texts.length} tools, but does not declare "tools" in its capabilities: it has to, or clients may not ask for them`;
  return texts.length === 0 ? emptyList() : { ...emptyList(), partial: told };
}

/** Where the items of a list go. */
interface Keeping {
  readonly withheld: WithheldItem[];
  readonly hold: (bytes: number) => boolean;
}

/**
 * @returns What the list keeps: `bytes` counts what was made of its items, too; `isFull` when there was no
 * room for all.
 */
function keptItems<Item extends CatalogueItem>(
  list: ListKind,
  walked: WalkedList,
  check: (text: string) => ItemReading<Item>,
  { withheld, hold }: Keeping,
): { readonly items: readonly Item[]; readonly bytes: number; readonly isFull: boolean } {
  const items = new Map<string, Item>();
  let { bytes } = walked;
  for (const [index, text] of walked.texts.entries()) {
    const reading = check(text);
    const isTwin = 'item' in reading && items.has(/* guard: item/twin */ reading.item.key);
    if ('item' in reading && !isTwin) {
      const more = (reading.madeLength ?? 0) * walked.characterBytes;
      if (more > 0 && !hold(bytes + more)) return { items: [...items.values()], bytes, isFull: true };
      bytes += more;
      items.set(reading.item.key, reading.item);
      continue;
    }
    // guard: item/withheld-count
    if (withheld.length >= MAX_WITHHELD) continue;
    const key = 'item' in reading ? reading.item.key : (reading.key ?? `#${index + 1}`);
    withheld.push({
      list,
      key: safeText(key),
      reason: 'item' in reading ? 'the same key is listed before' : reading.reason,
    });
  }
  // Pages of which nothing is left are not kept.
  return { items: [...items.values()], bytes: items.size === 0 ? 0 : bytes, isFull: false };
}

function readHandshake(handshake: RpcMessage): Handshake {
  const result = handshake.result?.object;
  const raw = withoutNulls(rawOf(handshake, memberOf(result, 'capabilities')));
  const declared = raw === undefined ? undefined : capabilitiesIn(raw);
  // The modern era keeps the name of the server in `_meta`.
  const info = memberOf(result, 'serverInfo') ?? memberOf(memberOf(result, '_meta')?.object, SERVER_INFO_KEY);
  return {
    capabilities: declared === undefined || raw === undefined ? '{}' : raw,
    declared,
    instructions: stringMember(handshake.text, result, 'instructions'),
    serverInfo: rawOf(handshake, info),
  };
}

/** What cannot be read counts as nothing. */
function withoutNulls(raw: string | undefined): string | undefined {
  const object = raw === undefined || raw.length > MAX_CAPABILITIES_LENGTH ? undefined : capabilitiesIn(raw);
  return raw === undefined || object === undefined
    ? undefined
    : applyEdits(raw, nullDrops(raw, object, OPTIONAL_OF_CAPABILITIES));
}

function capabilitiesIn(raw: string): JsonObject | undefined {
  const scan = scanJson(raw, CAPABILITIES_LIMITS, { tools: {}, resources: {}, prompts: {} });
  return scan.kind === 'object' ? scan.object : undefined;
}

/** @see MCP 2026-07-28, basic, "Request Metadata". */
function envelopeMember(identity: Identity, capabilities: string): string {
  const version = `"io.modelcontextprotocol/protocolVersion":"${MODERN_VERSION}"`;
  const info = `"io.modelcontextprotocol/clientInfo":${JSON.stringify(identity)}`;
  return `"_meta":{${version},"io.modelcontextprotocol/clientCapabilities":${capabilities},${info}}`;
}
