import { suggestion } from '../checks/closest-name.ts';
import { quoted, type ProblemList } from '../checks/config-problem.ts';
import {
  CLIENT_HINTS,
  INSTEAD,
  OFF_WORDS,
  SPELLINGS,
  STATES,
  SWITCHES_ON,
  TRANSPORT_WORDS,
  WITHOUT_EFFECT,
  transportOf,
} from '../clients/entry-keys.ts';
import {
  isNull,
  kindOf,
  mergeLocated,
  written,
  type LocatedEntry,
  type LocatedMap,
  type LocatedValue,
} from '../document/located-value.ts';
import { McpServerSchema } from '../schema/mcp-server-schema.ts';
import { EARLIER_KEYS } from './earlier-shape.ts';
import type { NormalizeEntryOptions } from './entry-report.ts';
import { flattened } from './flattened-entry.ts';
import { isNamedVariable, namedVariables } from './named-variables.ts';
import { isTimeLimit, timeLimits } from './time-limits.ts';
import { toolNames } from './tool-names.ts';

const OWN_KEYS: ReadonlySet<string> = new Set(Object.keys(McpServerSchema.shape));
const SUGGESTED_KEYS: readonly string[] = [...OWN_KEYS, 'enabled', ...SPELLINGS.keys()];
/** Other names of {@link OWN_KEYS}. */
export const OTHER_KEYS: readonly string[] = [...SPELLINGS.keys(), ...SWITCHES_ON, ...EARLIER_KEYS];
const TYPES = '"stdio", "http", "sse", "ws", "unix" or "tcp"';
/** What programs that write configurations leave empty when it is not used. */
const MAY_BE_NOTHING: ReadonlySet<string> = new Set(['type', 'command', 'args', 'url', 'cwd', 'disabled']);
/** In clients' files alone: in Omni's own a list whose items are gone would allow everything. */
const TOOL_KEYS: ReadonlySet<string> = new Set(['allowedTools', 'disabledTools']);

/**
 * Brings one server entry of any client into the keys of {@link McpServerSchema}. Values are checked later.
 */
export function normalizeEntry(entry: LocatedMap, options: NormalizeEntryOptions): LocatedMap {
  const { key, problems, warnings, format, isOver } = options;
  const normal = new Map<string, LocatedEntry>();
  const set = (own: string, found: LocatedEntry): void => {
    const other = normal.get(own);
    if (other === undefined) normal.set(own, found);
    else if ((own === 'env' || own === 'headers') && other.value.kind === 'map' && found.value.kind === 'map')
      normal.set(own, { ...other, value: mergeLocated(without(found.value, other.value, own), other.value) });
    else if (!isSame(other.value, found.value))
      problems.add(
        found.at,
        `${key}.${found.written}`,
        `${key} says both "${other.written}" and "${found.written}"; keep one`,
      );
  };

  const flat = flattened(entry);
  const named: (readonly [string, LocatedEntry])[] = [];
  for (const [name, found] of flat.entries) {
    const path = `${key}.${name}`;
    const own = SPELLINGS.get(name) ?? name;
    if (isOver && isNull(found.value) && OWN_KEYS.has(own)) {
      normal.set(own, found);
      continue;
    }
    const isUnused = isNull(found.value) || (format !== undefined && textOf(found.value) === '');
    // A client writes a policy under "restart", Omni a map.
    const isHint = CLIENT_HINTS.has(name) && !(OWN_KEYS.has(name) && found.value.kind === 'map');
    if (name.startsWith('x-') || isTimeLimit(name) || isHint) continue;
    const isLimit = TOOL_KEYS.has(own);
    if (isUnused && (MAY_BE_NOTHING.has(own) || (isLimit ? format !== undefined : !OWN_KEYS.has(own))))
      continue;
    if (WITHOUT_EFFECT.has(name)) {
      if (narrows(found.value)) warnings.add(found.at, path, `${path} has no effect in this version`);
    } else if (SWITCHES_ON.has(name)) set('disabled', { ...found, value: negated(found.value) });
    else if (format !== undefined && STATES.has(name)) {
      if (OFF_WORDS.has(textOf(found.value) ?? ''))
        set('disabled', { ...found, value: written(true, found.at) });
    } else if (
      own === 'type' ||
      (name === 'protocol' && transportOf(textOf(found.value) ?? '') !== undefined)
    )
      set('type', { ...found, value: transportType(found.value, path, problems) });
    else if (own === 'allowedTools' || own === 'disabledTools') {
      const tools = toolNames(name, own, found.value);
      if (tools === undefined)
        problems.add(
          found.value.at,
          path,
          `${path} must be a list of names of tools, found ${kindOf(found.value)}`,
        );
      else if (tools.names !== undefined) set(tools.own, { ...found, value: tools.names });
    } else if (OWN_KEYS.has(own)) set(own, { ...found, value: plainTexts(own, found.value) });
    else if (isNamedVariable(name)) named.push([name, found]);
    else refuseOrTell(name, found, { ...options, path });
  }
  // Last, since what is written as a value wins.
  for (const [name, found] of named) namedVariables(name, found, { ...options, set });
  for (const [own, found] of timeLimits(flat, format, { key, problems, warnings }))
    if (!normal.has(own)) normal.set(own, found);
  return oneTarget(splitCommand({ ...entry, entries: normal }), options);
}

function refuseOrTell(
  name: string,
  found: LocatedEntry,
  { path, problems, warnings, format }: NormalizeEntryOptions & { readonly path: string },
): void {
  const instead = INSTEAD.get(name);
  if (instead !== undefined)
    problems.add(found.at, path, `${quoted(name)} is not supported yet in this version; ${instead}`);
  else if (format === undefined)
    problems.add(
      found.at,
      path,
      `${quoted(name)} is not a key of a server${suggestion(name, SUGGESTED_KEYS)}`,
    );
  else
    warnings.add(
      found.at,
      path,
      `${path} is not known here and has no effect${suggestion(name, SUGGESTED_KEYS)}`,
    );
}

/** Names of headers are the same in any case (RFC 9110, section 5.1). */
function without(map: LocatedMap, over: LocatedMap, own: string): LocatedMap {
  if (own !== 'headers') return map;
  const taken = new Set([...over.entries.keys()].map((name) => name.toLowerCase()));
  return { ...map, entries: new Map([...map.entries].filter(([name]) => !taken.has(name.toLowerCase()))) };
}

function negated(value: LocatedValue): LocatedValue {
  return value.kind === 'scalar' && typeof value.value === 'boolean'
    ? { ...value, value: !value.value }
    : value;
}

function transportType(value: LocatedValue, path: string, problems: Pick<ProblemList, 'add'>): LocatedValue {
  const text = textOf(value);
  const transport = transportOf(text ?? '');
  if (transport !== undefined) return written(transport, value.at, text);
  problems.add(
    value.at,
    path,
    text === undefined || isExpanded(value)
      ? `${path} must be ${TYPES}, found ${kindOf(value)}`
      : `${path} must be ${TYPES}, found ${quoted(text)}${suggestion(text, TRANSPORT_WORDS)}`,
  );
  // Marked, so that nothing more is said about an entry whose transport is already refused.
  return { kind: 'scalar', at: value.at, value: null, source: '', origin: 'unresolved' };
}

/** `PORT: 8080` and `--port, 8080` mean text: a process and a header know nothing else. */
function plainTexts(own: string, value: LocatedValue): LocatedValue {
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

/** `command: [npx, -y, x]` is `command: npx` with `args` (opencode). */
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

/** Clients take the one of `command` and `url` that `type` asks for; Omni's own file is to say one thing. */
function oneTarget(entry: LocatedMap, { key, warnings, format }: NormalizeEntryOptions): LocatedMap {
  const type = entry.entries.get('type')?.value;
  if (format === undefined || type?.kind !== 'scalar' || typeof type.value !== 'string') return entry;
  const dropped = type.value === 'stdio' ? 'url' : 'command';
  const found = entry.entries.get(dropped);
  if (found === undefined || !entry.entries.has(dropped === 'url' ? 'command' : 'url')) return entry;
  const path = `${key}.${found.written}`;
  warnings.add(found.at, path, `${path} has no effect beside the type "${type.value}"`);
  const entries = new Map(entry.entries);
  entries.delete(dropped);
  return { ...entry, entries };
}

/** Whether it would take something away: `false`, `{}` and `[]` do not. */
function narrows(value: LocatedValue): boolean {
  if (value.kind === 'scalar') return value.value !== false && value.value !== null && value.value !== '';
  return value.kind === 'list' ? value.items.length > 0 : value.entries.size > 0;
}

function isSame(a: LocatedValue, b: LocatedValue): boolean {
  return a.kind === 'scalar' && b.kind === 'scalar' && a.value !== null && a.value === b.value;
}

/** Whether it is the value of a variable, which no message shows. */
function isExpanded(value: LocatedValue): boolean {
  return value.kind === 'scalar' && value.origin === 'expanded';
}

function textOf(value: LocatedValue): string | undefined {
  return value.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
}
