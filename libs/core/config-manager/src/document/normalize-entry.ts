import { suggestion } from '../checks/closest-name.ts';
import { quoted, type ProblemList } from '../checks/config-problem.ts';
import {
  kindOf,
  type LocatedEntry,
  type LocatedMap,
  type LocatedScalar,
  type LocatedValue,
} from './located-value.ts';
import { McpServerSchema } from '../schema/mcp-server-schema.ts';
import type { AddressKind } from '../schema/upstream-address.ts';

/** Spellings of clients, and Omni's own. Sources: the public documentation of each client. */
const SPELLINGS: Readonly<Record<string, string>> = {
  serverUrl: 'url', // Windsurf
  httpUrl: 'url', // Gemini CLI
  uri: 'url', // Goose
  cmd: 'command', // Goose
  environment: 'env', // OpenCode
  envs: 'env', // Goose
  http_headers: 'headers', // Codex
};

const TRANSPORTS: ReadonlyMap<string, 'stdio' | AddressKind> = new Map([
  ['stdio', 'stdio'],
  ['local', 'stdio'],
  ['http', 'http'],
  ['streamable-http', 'http'],
  ['streamableHttp', 'http'],
  ['streamable_http', 'http'],
  ['remote', 'http'],
  ['sse', 'sse'],
  ['ws', 'ws'],
  ['websocket', 'ws'],
  ['unix', 'unix'],
  ['tcp', 'tcp'],
]);

const TYPES = '"stdio", "http", "sse", "ws", "unix" or "tcp"';

/** Keys that steer one client and mean nothing to a gateway. They are accepted and have no effect. */
const CLIENT_HINTS: ReadonlySet<string> = new Set([
  'alwaysAllow',
  'autoApprove',
  'trust',
  'default_tools_approval_mode', // approval; never loosens what Omni allows
  'alwaysLoad',
  'deferTools',
  'required', // when the client loads the server
  'connectionTimeout',
  'startup_timeout_sec',
  'tool_timeout_sec', // patience of the client
  'name',
  'description',
  'source',
  'gallery',
  'dev', // display and origin
]);

/** Keys that narrow or protect in a client; Omni does not do it yet, so their author must hear of it. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'includeTools',
  'excludeTools',
  'enabled_tools',
  'disabled_tools',
  'disabledTools',
  'available_tools',
  'sandbox',
  'sandboxEnabled',
  'oauth',
  'auth',
  'authProviderType',
  'scopes',
]);

/** Keys without which a server would not work as in the client, and what to write instead. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['envFile', 'write the variables under "env"'],
  ['env_vars', 'write them under "env": { "NAME": "${NAME}" }'],
  ['env_keys', 'write them under "env": { "NAME": "${NAME}" }'],
  ['bearer_token_env_var', 'write "headers": { "Authorization": "Bearer ${NAME}" }'],
  ['env_http_headers', 'write "headers": { "Header-Name": "${NAME}" }'],
  ['headersHelper', 'write "headers"'],
  ['http_headers_helper', 'write "headers"'],
  ['requestOptions', 'write its "headers" as "headers" of the server'],
]);

const OWN_KEYS: ReadonlySet<string> = new Set(Object.keys(McpServerSchema.shape));
const SUGGESTED_KEYS: readonly string[] = [...OWN_KEYS, 'enabled', ...Object.keys(SPELLINGS)];

export interface NormalizeEntryOptions {
  /** Path of the entry, for messages. */
  readonly key: string;
  readonly problems: Pick<ProblemList, 'add'>;
  readonly warnings: Pick<ProblemList, 'add'>;
}

/** Brings one server entry of any client into the keys of {@link McpServerSchema}. Values are checked later. */
export function normalizeEntry(
  entry: LocatedMap,
  { key, problems, warnings }: NormalizeEntryOptions,
): LocatedMap {
  const normal = new Map<string, LocatedEntry>();
  const set = (own: string, found: LocatedEntry): void => {
    const other = normal.get(own);
    if (other === undefined) normal.set(own, found);
    else
      problems.add(
        found.at,
        `${key}.${found.written}`,
        `${key} says both "${other.written}" and "${found.written}"; keep one`,
      );
  };

  for (const [written, found] of entry.entries) {
    const path = `${key}.${written}`;
    if (written.startsWith('x-') || CLIENT_HINTS.has(written) || isHint(written, found.value)) continue;
    const own = Object.hasOwn(SPELLINGS, written) ? SPELLINGS[written] : written;
    if (WITHOUT_EFFECT.has(written) || written === 'tools')
      warnings.add(found.at, path, `${path} has no effect in this version`);
    else if (written === 'enabled') set('disabled', { ...found, value: negated(found.value) });
    else if (written === 'type') set('type', { ...found, value: transportType(found.value, path, problems) });
    else if (own !== undefined && OWN_KEYS.has(own)) set(own, { ...found, value: textOf(own, found.value) });
    else problems.add(found.at, path, refusalOf(written));
  }
  return splitCommand({ ...entry, entries: normal });
}

/** `timeout: 500` is milliseconds in one client and seconds in another; `tools: ["*"]` filters nothing. */
function isHint(written: string, value: LocatedValue): boolean {
  if (written === 'timeout') return value.kind === 'scalar' && typeof value.value === 'number';
  if (written !== 'tools') return false;
  return (
    value.kind === 'list' &&
    value.items.length === 1 &&
    value.items[0]?.kind === 'scalar' &&
    value.items[0].value === '*'
  );
}

function refusalOf(written: string): string {
  const instead = INSTEAD.get(written);
  if (instead !== undefined) return `"${written}" is not supported yet in this version; ${instead}`;
  if (written === 'timeout')
    return '"timeout" is read as a number for clients only; write "callTimeout": "60s"';
  return `${quoted(written)} is not a key of a server${suggestion(written, SUGGESTED_KEYS)}`;
}

function negated(value: LocatedValue): LocatedValue {
  return value.kind === 'scalar' && typeof value.value === 'boolean'
    ? { ...value, value: !value.value }
    : value;
}

function transportType(value: LocatedValue, path: string, problems: Pick<ProblemList, 'add'>): LocatedValue {
  const written = value.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
  const transport = TRANSPORTS.get(written ?? '');
  // Marked, so that nothing more is said about an entry whose transport is already refused.
  const refused: LocatedScalar = {
    kind: 'scalar',
    at: value.at,
    value: null,
    source: '',
    origin: 'unresolved',
  };
  if (written === undefined) {
    problems.add(value.at, path, `${path} must be ${TYPES}, found ${kindOf(value)}`);
    return refused;
  }
  if (transport === undefined) {
    problems.add(
      value.at,
      path,
      `${path} must be ${TYPES}, found ${quoted(written)}${suggestion(written, TRANSPORTS.keys())}`,
    );
    return refused;
  }
  return { kind: 'scalar', at: value.at, value: transport, source: written, origin: 'written' };
}

/** `PORT: 8080` and `--port, 8080` mean text: a process and a header know nothing else. */
function textOf(own: string, value: LocatedValue): LocatedValue {
  if (own === 'args' || own === 'command')
    return value.kind === 'list' ? { ...value, items: value.items.map(scalarText) } : value;
  if (own !== 'env' && own !== 'headers') return value;
  if (value.kind !== 'map') return value;
  return {
    ...value,
    entries: new Map(
      [...value.entries].map(([name, entry]) => [name, { ...entry, value: scalarText(entry.value) }]),
    ),
  };
}

function scalarText(value: LocatedValue): LocatedValue {
  if (value.kind !== 'scalar' || (typeof value.value !== 'number' && typeof value.value !== 'boolean'))
    return value;
  return { ...value, value: value.source };
}

/** `command: [npx, -y, x]` is `command: npx` with `args` (OpenCode). */
function splitCommand(entry: LocatedMap): LocatedMap {
  const command = entry.entries.get('command');
  if (command?.value.kind !== 'list') return entry;
  const [program, ...first] = command.value.items;
  if (program === undefined) return entry;
  const entries = new Map(entry.entries).set('command', { ...command, value: program });
  const args = entry.entries.get('args');
  if (args?.value.kind === 'list')
    entries.set('args', { ...args, value: { ...args.value, items: [...first, ...args.value.items] } });
  else if (args === undefined) entries.set('args', { ...command, value: { ...command.value, items: first } });
  return { ...entry, entries };
}
