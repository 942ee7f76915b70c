import { quoted, type ProblemList } from '../checks/config-problem.ts';
import type { EntryProblems } from '../checks/entry-problems.ts';
import { ANY_CLIENT } from '../clients/client-formats.ts';
import { foreignDocument } from '../clients/foreign-document.ts';
import type { Reading } from '../clients/recognise-client.ts';
import {
  findBlocks,
  hiddenBlocks,
  looksLikeServer,
  membersOf,
  partOf,
  serversAtRoot,
  type FoundBlocks,
} from '../clients/server-blocks.ts';
import { withPresentShape } from '../entry/earlier-shape.ts';
import { normalizeEntry } from '../entry/normalize-entry.ts';
import { McpServerSchema } from '../schema/mcp-server-schema.ts';
import { withDurations } from './bare-durations.ts';
import { serverNameOf, type ConfigSource } from './config-source.ts';
import {
  isNull,
  kindOf,
  written,
  type LocatedEntry,
  type LocatedMap,
  type LocatedValue,
} from './located-value.ts';
import type { Environment } from './variables.ts';

/** Where Omni's own files may keep servers. All of it becomes `mcpServers`. */
const OWN_BLOCKS: readonly (readonly string[])[] = [
  ['mcpServers'],
  ['servers'],
  ['context_servers'],
  ['mcp_servers'],
  ['mcp', 'servers'],
  ['mcp'],
  ['extensions'],
];
export const SERVER_BLOCKS: readonly string[] = [...new Set(OWN_BLOCKS.map(([first = '']) => first))];

/** Root keys that say nothing to a gateway, in any file: prompts of VS Code for its own variables. */
const IGNORED_ROOT_KEYS: ReadonlySet<string> = new Set(['inputs', '$schema']);
const MAX_NAMED = 6;

/** What becomes of what a source says. */
export interface SourceReport {
  readonly problems: ProblemList;
  /** What is wrong with single servers. */
  readonly entryProblems: EntryProblems;
  /** What is accepted although it has no effect. */
  readonly warnings: ProblemList;
  /** What is read as what. */
  readonly notes: ProblemList;
  /** Whose file it is; `undefined` for Omni's own. */
  readonly reading: Reading | undefined;
  readonly env: Environment;
  /** Whether it lies over others: `null` then removes what these say. */
  readonly isOver: boolean;
}

/** What stands in no file, in Omni's own spelling: it lies over the files. */
export function normalizeGiven(
  root: LocatedMap,
  report: Omit<SourceReport, 'reading' | 'isOver'>,
): LocatedMap {
  return ownFile(root, { ...report, reading: undefined, isOver: true });
}

/**
 * Brings one source into Omni's own spelling: one `mcpServers` block with normal entries, `x-*` keys and
 * hints for clients gone. Of a client's file nothing else is left; unknown keys of Omni's own are left for
 * the schema to refuse.
 */
export function normalizeSource(source: ConfigSource, root: LocatedMap, report: SourceReport): LocatedMap {
  if (source.role === 'server') return serverFile(source, root, report);
  const { reading } = report;
  const foreign = foreignDocument(root);
  const { blocks } = findBlocks(root, reading?.format.blocks ?? OWN_BLOCKS);
  // Descriptions of web APIs have `servers` too.
  if (foreign !== undefined && blocks.every(({ path }) => path === 'servers')) {
    report.problems.add({ file: source.path, line: 1, column: 1 }, '', foreign);
    return { ...root, entries: new Map() };
  }
  return reading === undefined ? ownFile(root, report) : clientFile(root, reading, source, report);
}

function serverFile(source: ConfigSource, root: LocatedMap, report: SourceReport): LocatedMap {
  const at = { file: source.path, line: 1, column: 1 };
  const name = serverNameOf(source.path);
  const servers = new Map<string, LocatedEntry>();
  addServer(servers, name, { written: name, at, value: root }, report);
  return withServers(root, { written: 'mcpServers', at, value: root }, servers, new Map());
}

function ownFile(root: LocatedMap, report: SourceReport): LocatedMap {
  const { problems } = report;
  const found = findBlocks(root, OWN_BLOCKS);
  const rest = new Map<string, LocatedEntry>();
  for (const [key, entry] of root.entries) {
    if (key.startsWith('x-') || key === 'inputs' || found.used.has(key)) continue;
    if (key === 'command' || key === 'url')
      problems.add(entry.at, key, `"${key}" belongs to a server; write it under "mcpServers:" and a name`);
    // What should be a block of servers and holds none is told as one.
    else if (SERVER_BLOCKS.includes(key)) found.blocks.push({ path: key, entry });
    else rest.set(key, { ...entry, value: withoutFreeKeys(entry.value) });
  }
  const servers = new Map<string, LocatedEntry>();
  for (const { path, entry } of found.blocks) {
    if (entry.value.kind === 'map')
      for (const [name, server] of entry.value.entries) addServer(servers, name, server, report);
    else refuseBlock(entry, path, kindOf(entry.value), problems);
  }
  return withServers(root, found.blocks[0]?.entry, servers, rest);
}

function clientFile(
  root: LocatedMap,
  reading: Reading,
  { path: file }: ConfigSource,
  report: SourceReport,
): LocatedMap {
  const { problems } = report;
  const { format } = reading;
  const found = findBlocks(root, format.blocks);
  const servers = new Map<string, LocatedEntry>();
  const start = { file, line: 1, column: 1 };
  for (const { path, entry } of found.blocks) {
    const members = membersOf(entry);
    if (typeof members === 'string') refuseBlock(entry, path, members, problems);
    else for (const [name, server] of members) addServer(servers, name, server, report);
  }
  const atRoot = found.blocks.length === 0 ? serversAtRoot(root) : new Map<string, LocatedEntry>();
  for (const [name, server] of atRoot) addServer(servers, name, server, report);
  if (found.blocks.length === 0 && atRoot.size === 0) {
    const single = ['command', 'url'].find((key) => root.entries.has(key));
    if (single !== undefined)
      problems.add(start, single, `"${single}" belongs to a server; write it under "mcpServers" and a name`);
    else problems.add(start, '', `${nothingIn(root)}; write servers under "mcpServers"`);
  }
  chooseServers(root, reading, servers);
  tellWhatWasRead(root, reading, found, atRoot, { start, report });
  return withServers(
    root,
    found.blocks[0]?.entry ?? { written: 'mcpServers', at: start, value: root },
    servers,
    new Map(),
  );
}

function nothingIn(root: LocatedMap): string {
  const keys = [...root.entries.keys()].slice(0, MAX_NAMED).map(quoted).join(', ');
  return keys === '' ? 'the file holds no servers' : `the file holds no servers, only ${keys}`;
}

function refuseBlock(entry: LocatedEntry, path: string, kind: string, problems: ProblemList): void {
  const found = kind === 'text' ? 'text; if it names another file, give that one' : kind;
  problems.add(entry.value.at, path, `${path} must be a map from server names to servers, found ${found}`);
}

/** Some clients name the servers they use, or do not, beside the servers. */
function chooseServers(root: LocatedMap, { format }: Reading, servers: Map<string, LocatedEntry>): void {
  const { only = [], never = [] } = format.chosen ?? {};
  const listed = (paths: readonly string[]): ReadonlySet<string> | undefined => {
    const lists = paths
      .map((path) => valueAt(root, path.split('.')))
      .filter((value) => value?.kind === 'list');
    const names = lists.flatMap((list) =>
      list?.kind === 'list'
        ? list.items.map((item) => (item.kind === 'scalar' ? String(item.value) : ''))
        : [],
    );
    return lists.length === 0 ? undefined : new Set(names);
  };
  const [used, unused] = [listed(only), listed(never)];
  for (const [name, entry] of servers) {
    if (used?.has(name) !== false && unused?.has(name) !== true) continue;
    if (entry.value.kind !== 'map') continue;
    const off = { written: 'disabled', at: entry.at, value: written(true, entry.at) };
    servers.set(name, {
      ...entry,
      value: { ...entry.value, entries: new Map(entry.value.entries).set('disabled', off) },
    });
  }
}

function tellWhatWasRead(
  root: LocatedMap,
  { format }: Reading,
  found: FoundBlocks,
  atRoot: ReadonlyMap<string, LocatedEntry>,
  { start, report: { warnings, notes } }: { readonly start: LocatedMap['at']; readonly report: SourceReport },
): void {
  const rest: string[] = [];
  for (const [key, entry] of root.entries) {
    if (found.used.has(key) || atRoot.has(key) || IGNORED_ROOT_KEYS.has(key) || key.startsWith('x-'))
      continue;
    if (looksLikeServer(entry.value))
      warnings.add(
        entry.at,
        key,
        `${quoted(key)} looks like a server and is not read; write it under "mcpServers"`,
      );
    else if (format.narrows?.includes(key) === true)
      warnings.add(
        entry.at,
        key,
        `${quoted(key)} of ${format.client} is not read, and tools that it hides are not hidden; write "disabledTools" of the server`,
      );
    else rest.push(key);
    for (const path of hiddenBlocks(entry.value, key))
      warnings.add(entry.at, path, `${path} holds servers too, which are not read`);
  }
  const blocks = found.blocks.map(({ path }) => quoted(path)).join(', ');
  const more = rest.length > MAX_NAMED ? ` and ${rest.length - MAX_NAMED} more` : '';
  const others =
    rest.length === 0 ? '' : `; not read: ${rest.slice(0, MAX_NAMED).map(quoted).join(', ')}${more}`;
  const isKnown = format !== ANY_CLIENT;
  // The plain block that all clients share needs no word.
  if (!isKnown && others === '' && blocks === '"mcpServers"') return;
  const whose = isKnown ? `the client ${format.client}` : format.client;
  notes.add(
    start,
    '',
    `is read as a file of ${whose}: servers from ${blocks === '' ? 'the root' : blocks}${others}`,
  );
}

function addServer(
  servers: Map<string, LocatedEntry>,
  name: string,
  entry: LocatedEntry,
  report: SourceReport,
): void {
  const { entryProblems, warnings, reading, env } = report;
  const key = `mcpServers.${name}`;
  const first = servers.get(name);
  if (first) {
    const message = `the server ${quoted(name)} is defined twice; the first is in line ${first.at.line}`;
    if (reading === undefined) entryProblems.of(name).add(entry.at, key, message);
    else warnings.add(entry.at, key, `${message}, and is the one that is read`);
    return;
  }
  if (report.isOver && isNull(entry.value)) {
    servers.set(name, entry);
    return;
  }
  if (entry.value.kind !== 'map') {
    const empty: LocatedMap = { kind: 'map', at: entry.value.at, entries: new Map() };
    if (reading !== undefined) servers.set(name, { ...entry, value: empty });
    entryProblems
      .of(name)
      .add(entry.value.at, key, `${key} must be a map with "command" or "url", found ${kindOf(entry.value)}`);
    return;
  }
  const client = reading === undefined ? undefined : partOf(entry.value, reading.format);
  if (client !== undefined) {
    warnings.add(entry.at, key, `${key} is a part of ${client} and needs it; it is left out`);
    return;
  }
  const problems = entryProblems.of(name);
  const own =
    reading === undefined
      ? withDurations(withPresentShape(entry.value, { key, problems, warnings }), McpServerSchema)
      : entry.value;
  const value = normalizeEntry(own, {
    key,
    problems,
    warnings,
    format: reading?.format,
    env,
    isOver: report.isOver,
  });
  servers.set(name, { ...entry, value });
}

function withServers(
  root: LocatedMap,
  block: LocatedEntry | undefined,
  servers: ReadonlyMap<string, LocatedEntry>,
  rest: ReadonlyMap<string, LocatedEntry>,
): LocatedMap {
  const entries = new Map(rest);
  if (block !== undefined)
    entries.set('mcpServers', { ...block, value: { kind: 'map', at: block.value.at, entries: servers } });
  return { kind: 'map', at: root.at, entries };
}

function valueAt(root: LocatedMap, path: readonly string[]): LocatedValue | undefined {
  let value: LocatedValue | undefined = root;
  for (const key of path) value = value?.kind === 'map' ? value.entries.get(key)?.value : undefined;
  return value;
}

function withoutFreeKeys(value: LocatedValue): LocatedValue {
  if (value.kind !== 'map') return value;
  return { ...value, entries: new Map([...value.entries].filter(([key]) => !key.startsWith('x-'))) };
}
