import { quoted, type ProblemList } from '../checks/config-problem.ts';
import { serverNameOf, type ConfigSource } from './config-source.ts';
import { kindOf, type LocatedEntry, type LocatedMap, type LocatedValue } from './located-value.ts';
import { SERVER_NAME_PATTERN } from '../schema/mcp-server-schema.ts';
import { normalizeEntry } from './normalize-entry.ts';

/** Where clients keep their servers. All of it becomes `mcpServers`. */
export const SERVER_BLOCKS: readonly string[] = [
  'mcpServers',
  'servers',
  'context_servers',
  'mcp_servers',
  'mcp',
];

/** Root keys of client files that say nothing to a gateway: prompts of VS Code for its own variables. */
const IGNORED_ROOT_KEYS: ReadonlySet<string> = new Set(['inputs']);

/** Receives what is accepted although it has no effect. */
export type WarningSink = Pick<ProblemList, 'add'>;

/**
 * Brings one source into Omni's own spelling: one `mcpServers` block with normal entries, `x-*` keys and hints for clients gone.
 * Unknown keys of sections are left for the schema to refuse.
 */
export function normalizeSource(
  source: ConfigSource,
  root: LocatedMap,
  problems: ProblemList,
  warnings: WarningSink,
): LocatedMap {
  return source.role === 'server'
    ? normalizeServerFile(source, root, problems, warnings)
    : normalizeBase(root, problems, warnings);
}

function normalizeServerFile(
  source: ConfigSource,
  root: LocatedMap,
  problems: ProblemList,
  warnings: WarningSink,
): LocatedMap {
  const at = { file: source.path, line: 1, column: 1 };
  const name = serverNameOf(source.path);
  const servers = new Map<string, LocatedEntry>();
  addServer(servers, { name, entry: { written: name, at, value: root } }, problems, warnings);
  const block: LocatedMap = { kind: 'map', at, entries: servers };
  return { kind: 'map', at, entries: new Map([['mcpServers', { written: 'mcpServers', at, value: block }]]) };
}

function normalizeBase(root: LocatedMap, problems: ProblemList, warnings: WarningSink): LocatedMap {
  const entries = new Map<string, LocatedEntry>();
  const servers = new Map<string, LocatedEntry>();
  let block: LocatedEntry | undefined;
  for (const [key, entry] of root.entries) {
    if (key.startsWith('x-') || IGNORED_ROOT_KEYS.has(key)) continue;
    if (key === 'command' || key === 'url') {
      problems.add(entry.at, key, `"${key}" belongs to a server; write it under "mcpServers:" and a name`);
      continue;
    }
    if (!SERVER_BLOCKS.includes(key)) {
      entries.set(key, { ...entry, value: withoutFreeKeys(entry.value) });
      continue;
    }
    block ??= entry;
    if (entry.value.kind !== 'map') {
      problems.add(
        entry.value.at,
        key,
        `${key} must be a map from server names to servers, found ${kindOf(entry.value)}`,
      );
      continue;
    }
    for (const [name, server] of entry.value.entries) {
      addServer(servers, { name, entry: server }, problems, warnings);
    }
  }
  if (block)
    entries.set('mcpServers', { ...block, value: { kind: 'map', at: block.value.at, entries: servers } });
  return { kind: 'map', at: root.at, entries };
}

interface ServerToAdd {
  readonly name: string;
  readonly entry: LocatedEntry;
}

function addServer(
  servers: Map<string, LocatedEntry>,
  { name, entry }: ServerToAdd,
  problems: ProblemList,
  warnings: WarningSink,
): void {
  const key = `mcpServers.${name}`;
  if (!SERVER_NAME_PATTERN.test(name)) {
    const rule =
      'is no server name: up to 32 letters, digits, ".", "_" and "-", starting with a letter or digit';
    problems.add(entry.at, key, `${quoted(name)} ${rule}; write "${usableName(name)}"`);
  }
  const first = servers.get(name);
  if (first) {
    problems.add(
      entry.at,
      key,
      `the server ${quoted(name)} is defined twice; the first is in line ${first.at.line}`,
    );
  } else if (entry.value.kind === 'map') {
    servers.set(name, { ...entry, value: normalizeEntry(entry.value, { key, problems, warnings }) });
  } else {
    problems.add(
      entry.value.at,
      key,
      `${key} must be a map with "command" or "url", found ${kindOf(entry.value)}`,
    );
  }
}

/** The nearest name that is allowed. */
function usableName(name: string): string {
  const usable = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 32)
    .replace(/-+$/, '');
  return usable === '' ? 'server' : usable;
}

function withoutFreeKeys(value: LocatedValue): LocatedValue {
  if (value.kind !== 'map') return value;
  return { ...value, entries: new Map([...value.entries].filter(([key]) => !key.startsWith('x-'))) };
}
