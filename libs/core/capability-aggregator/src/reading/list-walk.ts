import {
  type JsonObject,
  memberOf,
  rawOf,
  type RpcMessage,
  scanJson,
  stringAt,
  stringMember,
} from '@omni/jsonrpc';
import type { ListKind, UpstreamConnection } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { internalRequest } from './internal-request.ts';
import { safeText } from './safe-text.ts';
import { bytesPerCharacter, ITEM_BYTES } from './stored-bytes.ts';

/** How much of one list is read. */
export interface ListLimits {
  /** Default 1,000. */
  readonly maxPages: number;
  /** Default 20,000. */
  readonly maxItems: number;
}

export const DEFAULT_LIST_LIMITS: ListLimits = {
  maxPages: 1_000,
  maxItems: 20_000,
};

/** The items of one list as text, not looked into yet. */
export interface WalkedList {
  readonly texts: readonly string[];
  /** Smallest hint of all pages, in milliseconds. */
  readonly ttlMs: number | undefined;
  /** Why the list stops early. */
  readonly partial: string | undefined;
  /** Why there is no list at all. */
  readonly problem: string | undefined;
  /** What is kept of it. */
  readonly bytes: number;
  readonly characterBytes: 1 | 2;
}

export interface ListWalkOptions {
  /**
   * Members for the parameters of every page, as JSON behind a comma or empty: the envelope of the modern
   * era.
   */
  readonly envelope: string;
  readonly limits: ListLimits;
  /** Whether there is room for so many bytes of this list. */
  readonly hold: (bytes: number) => boolean;
}

/** Why a list stops early that would keep more than it may. */
export const NO_ROOM =
  'there is no room for the rest: the server would have to list less, or limits.maxListBytes be raised';

const METHODS: Readonly<Record<ListKind, string>> = {
  tools: 'tools/list',
  resources: 'resources/list',
  templates: 'resources/templates/list',
  prompts: 'prompts/list',
};
const MEMBERS: Readonly<Record<ListKind, string>> = {
  tools: 'tools',
  resources: 'resources',
  templates: 'resourceTemplates',
  prompts: 'prompts',
};
const METHOD_NOT_FOUND = -32601;
const MAX_CURSOR_LENGTH = 8_192;
/** Pages were scanned with tighter limits when they came in. */
const PAGE_LIMITS = { maxDepth: 1_000, maxElements: 10_000_000 };

interface Page {
  readonly texts: readonly string[];
  readonly ttlMs: number | undefined;
  /** The next cursor as JSON; `undefined` on the last page. */
  readonly cursor: string | undefined;
}

/**
 * Reads all pages of one list. Never fails: what goes wrong is told in the result, beside the items that came
 * before.
 *
 * @see MCP 2026-07-28, server/utilities/pagination: cursors are opaque, the empty one included.
 */
export async function walkList(
  connection: UpstreamConnection,
  kind: ListKind,
  { envelope, limits, hold }: ListWalkOptions,
): Promise<WalkedList> {
  const texts: string[] = [];
  const seen = new Set<string>();
  let ttlMs: number | undefined;
  let bytes = 0;
  let characterBytes: 1 | 2 = 1;
  let cursor: string | undefined;
  const stop = (partial: string | undefined, problem?: string): WalkedList => ({
    texts,
    ttlMs,
    partial,
    problem,
    bytes,
    characterBytes,
  });

  for (let pages = 0; ; pages += 1) {
    if (/* guard: walk/pages */ pages >= limits.maxPages) return stop(`more than ${limits.maxPages} pages`);
    let page: Page | string;
    try {
      const message = await internalRequest(connection, METHODS[kind], pageParams(cursor, envelope));
      page = readPage(message, kind);
      if (typeof page !== 'string') {
        const width = bytesPerCharacter(message.text);
        const itemCount = Math.min(page.texts.length, limits.maxItems - texts.length);
        const pageBytes = message.text.length * width + itemCount * ITEM_BYTES;
        // guard: walk/room
        if (!hold(bytes + pageBytes)) return stop(NO_ROOM);
        bytes += pageBytes;
        if (width === 2) characterBytes = width;
      }
    } catch (error) {
      page = GatewayError.from(error).message;
    }
    if (typeof page === 'string')
      return pages === 0 ? stop(undefined, page) : stop(`page ${pages + 1}: ${page}`);

    if (page.ttlMs !== undefined) ttlMs = Math.min(page.ttlMs, ttlMs ?? page.ttlMs);
    for (const text of page.texts) {
      // guard: walk/items
      if (texts.length >= limits.maxItems) return stop(`more than ${limits.maxItems} items`);
      texts.push(text);
    }
    cursor = page.cursor;
    if (cursor === undefined) return stop(undefined);
    // guard: walk/cursor-length
    if (cursor.length > MAX_CURSOR_LENGTH)
      return stop(`a cursor longer than ${MAX_CURSOR_LENGTH} characters`);
    // guard: walk/same-cursor
    if (seen.has(cursor)) return stop('the same cursor came twice');
    seen.add(cursor);
  }
}

function pageParams(cursor: string | undefined, envelope: string): string {
  if (cursor === undefined && envelope === '') return '';
  const members = [cursor === undefined ? '' : `"cursor":${cursor}`, envelope];
  return `{${members.filter((member) => member !== '').join(',')}}`;
}

/** The page, or what is wrong with it. */
function readPage(message: RpcMessage, kind: ListKind): Page | string {
  if (message.error !== undefined) return readError(message, message.error.object);
  const result = message.result?.object;
  const resultType = stringMember(message.text, result, 'resultType');
  if (resultType !== undefined && resultType !== 'complete')
    return `the answer is not a list but "${safeText(resultType)}"`;
  const list = rawOf(message, memberOf(result, MEMBERS[kind]));
  const scan = list === undefined ? undefined : scanJson(list, PAGE_LIMITS);
  if (list === undefined || scan?.kind !== 'array') return `the answer has no array "${MEMBERS[kind]}"`;
  return {
    texts: scan.items.map((item) => list.slice(item.start, item.end)),
    ttlMs: readTtl(rawOf(message, memberOf(result, 'ttlMs'))),
    cursor: readCursor(message, result),
  };
}

/** A server that does not know the method has nothing to list. */
function readError(message: RpcMessage, error: JsonObject | undefined): Page | string {
  const code = rawOf(message, memberOf(error, 'code'));
  if (Number(code) === METHOD_NOT_FOUND) return { texts: [], ttlMs: undefined, cursor: undefined };
  return `error ${safeText(code ?? 'without code')}: ${safeText(stringMember(message.text, error, 'message') ?? '')}`;
}

function readTtl(raw: string | undefined): number | undefined {
  const ttlMs = raw === undefined ? Number.NaN : Number(raw);
  return Number.isSafeInteger(ttlMs) && ttlMs >= 0 ? ttlMs : undefined;
}

/** Servers that write `null` mean that there is no further page. */
function readCursor(message: RpcMessage, result: JsonObject | undefined): string | undefined {
  const member = memberOf(result, 'nextCursor');
  return member === undefined || stringAt(message.text, member) === undefined
    ? undefined
    : rawOf(message, member);
}
