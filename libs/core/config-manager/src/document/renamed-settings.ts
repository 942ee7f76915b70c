import { quoted, type Position, type ProblemList } from '../checks/config-problem.ts';
import { GatewaySettingsSchema } from '../schema/configuration-schema.ts';
import { withDurations } from './bare-durations.ts';
import {
  entryAt,
  isNull,
  mergeLocated,
  nested,
  written,
  type LocatedEntry,
  type LocatedMap,
  type LocatedScalar,
  type LocatedValue,
} from './located-value.ts';

/** A setting that may stand under another name than its own. */
interface OtherName {
  readonly name: string;
  /** Where it is read; absent where nothing reads it. */
  readonly setting?: string;
  /** What becomes of its value. `undefined`: it says nothing. Default: it is taken as it is. */
  readonly read?: (value: LocatedScalar) => LocatedValue | undefined;
  /** Whether it is to be renamed. */
  readonly isOld?: boolean;
  /** What its author is told; nothing when it is one name among two. */
  readonly warning?: string;
}

const WITHOUT_EFFECT = 'has no effect in this version';
const BALANCE: Readonly<Record<string, string>> = {
  round_robin: 'round-robin',
  least_latency: 'least-latency',
  hashed: 'sticky',
};

/** Names of old, and those of `EffectiveConfig` (S003-CF-07). */
const OTHER_NAMES: readonly OtherName[] = [
  renamed('naming.asker', 'naming.labelElicitations'),
  renamed('limits.maxHeldBytes', 'limits.maxUnfinishedBytes'),
  { name: 'server.maxConcurrent', setting: 'limits.maxInFlight' },
  { name: 'server.idleTimeoutMs', setting: 'limits.sessionIdleMs' },
  {
    name: 'transports.http.port',
    setting: 'server.listen',
    read: (port) => replaced(port, `127.0.0.1:${port.source}`),
  },
  // Both are served at the address of HTTP, and stdio by a command of its own.
  { name: 'transports.ws.port', read: () => undefined },
  { name: 'transports.stdio.enabled', read: () => undefined },
  {
    name: 'routing.lb',
    setting: 'routing.balance.strategy',
    read: (lb) => replaced(lb, BALANCE[String(lb.value)] ?? String(lb.value)),
  },
  { name: 'auth.providers', warning: `${WITHOUT_EFFECT}: clients need a token` },
  { name: 'auth.audience', warning: `${WITHOUT_EFFECT}: clients need a token` },
  { name: 'logging.redaction', warning: `${WITHOUT_EFFECT}: what calls carry is not logged` },
  { name: 'platform.runtime', read: (runtime) => (runtime.value === 'node' ? undefined : runtime) },
  { name: 'platform.limits.memoryMb', warning: `${WITHOUT_EFFECT}; give Node --max-old-space-size` },
];

/** Other names of what stands below a path of keys. */
export function otherNamesAt(path: readonly string[]): readonly string[] {
  const prefix = path.map((key) => `${key}.`).join('');
  return OTHER_NAMES.filter(({ name }) => name.startsWith(prefix)).map(
    ({ name }) => name.slice(prefix.length).split('.', 1)[0] ?? '',
  );
}

/**
 * Reads settings under their other names: an old name alone is a warning, both names together are a problem.
 *
 * @param root - Of one layer: settings of several layers are one setting, whatever they are called.
 */
export function withPresentNames(root: LocatedMap, problems: ProblemList, warnings: ProblemList): LocatedMap {
  let result = root;
  for (const other of OTHER_NAMES) {
    const path = other.name.split('.');
    const found = entryAt(result, path);
    if (found === undefined || (isNull(found.value) && other.setting === undefined)) continue;
    result = withoutPath(result, path);
    const value = readValue(found.value, other);
    if (other.setting === undefined) {
      if (says(value)) warnings.add(found.at, other.name, `${other.name} ${other.warning ?? WITHOUT_EFFECT}`);
      continue;
    }
    if (other.warning !== undefined) warnings.add(found.at, other.name, `${other.name} ${other.warning}`);
    const present = other.setting.split('.');
    if (entryAt(result, present) !== undefined)
      problems.add(
        found.at,
        other.name,
        `${other.name} is ${other.isOld === true ? 'the old' : 'another'} name of ${other.setting}, which is set too; keep ${quoted(present.at(-1) ?? '')} only`,
      );
    else if (value !== undefined) result = mergeLocated(result, spelled(present, found, value));
  }
  return withDurations(withoutEmpty(result), GatewaySettingsSchema);
}

/** Sections in which nothing is read under its own name. */
function withoutEmpty(root: LocatedMap): LocatedMap {
  const entries = [...root.entries].filter(
    ([key, { value }]) =>
      !['transports', 'platform'].includes(key) || value.kind !== 'map' || value.entries.size > 0,
  );
  return { ...root, entries: new Map(entries) };
}

function renamed(name: string, setting: string): OtherName {
  return { name, setting, isOld: true, warning: `is now called ${setting}; rename it` };
}

/** A setting that stands under its old name. */
export interface RenamedKey {
  readonly at: Position;
  /** Keys from the root, joined by dots. */
  readonly name: string;
  /** The last of them. */
  readonly old: string;
  readonly present: string;
}

/** What of one of Omni's own sources stands under old names. */
export function renamedKeys(root: LocatedMap): readonly RenamedKey[] {
  return OTHER_NAMES.flatMap(({ name, setting = '', isOld = false }): readonly RenamedKey[] => {
    const entry = isOld ? entryAt(root, name.split('.')) : undefined;
    const present = setting.split('.');
    if (entry === undefined || entryAt(root, present) !== undefined) return [];
    return [{ at: entry.at, name, old: name.split('.').at(-1) ?? '', present: present.at(-1) ?? '' }];
  });
}

function readValue(value: LocatedValue, { read }: OtherName): LocatedValue | undefined {
  return read === undefined || value.kind !== 'scalar' || isNull(value) ? value : read(value);
}

/** Whether it would change something: `false`, `[]` and `{}` do not. */
function says(value: LocatedValue | undefined): boolean {
  if (value === undefined) return false;
  if (value.kind === 'scalar') return value.value !== false && value.value !== null && value.value !== '';
  return value.kind === 'list' ? value.items.length > 0 : value.entries.size > 0;
}

function replaced(value: LocatedScalar, text: string): LocatedValue {
  return { ...written(text, value.at, value.source), origin: value.origin };
}

/** The setting, with the key as it is spelled in the source. */
function spelled(
  path: readonly string[],
  { at, written: key }: LocatedEntry,
  value: LocatedValue,
): LocatedMap {
  const last = path.at(-1) ?? '';
  const leaf: LocatedMap = { kind: 'map', at, entries: new Map([[last, { written: key, at, value }]]) };
  return path.length === 1 ? leaf : nested(path.slice(0, -1), leaf);
}

/** Without it, and without maps that only led to it. */
function withoutPath(root: LocatedMap, [key = '', ...rest]: readonly string[]): LocatedMap {
  const entries = new Map(root.entries);
  const entry = entries.get(key);
  if (entry === undefined) return root;
  const value = rest.length > 0 && entry.value.kind === 'map' ? withoutPath(entry.value, rest) : undefined;
  if (value === undefined || value.entries.size === 0) entries.delete(key);
  else entries.set(key, { ...entry, value });
  return { ...root, entries };
}
