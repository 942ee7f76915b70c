import type { SecretText } from '@omni/ports';
import type { Position } from '../checks/config-problem.ts';

/** A value of a source that remembers where it was written. */
export type LocatedValue = LocatedScalar | LocatedList | LocatedMap;

export interface LocatedScalar {
  readonly kind: 'scalar';
  readonly at: Position;
  readonly value: string | number | boolean | null;
  /** The characters of the source, without quotes: `1e3` where `value` is 1000. */
  readonly source: string;
  /**
   * `expanded`: holds the value of a variable, so never print it. `unresolved`: a variable was missing, so it
   * is not judged.
   */
  readonly origin: 'written' | 'expanded' | 'unresolved';
  /** Where references to secrets stay: the text with them in it. */
  readonly parts?: SecretText;
}

export interface LocatedList {
  readonly kind: 'list';
  readonly at: Position;
  readonly items: readonly LocatedValue[];
}

export interface LocatedMap {
  readonly kind: 'map';
  readonly at: Position;
  readonly entries: ReadonlyMap<string, LocatedEntry>;
}

export interface LocatedEntry {
  /** The key as it is spelled in the source, where the map holds Omni's own spelling. */
  readonly written: string;
  /** Where the key stands. */
  readonly at: Position;
  readonly value: LocatedValue;
}

/** Deep merge: maps key by key, everything else is replaced by `over`. */
export function mergeLocated(base: LocatedMap, over: LocatedMap): LocatedMap {
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key)?.value;
    const value =
      below?.kind === 'map' && entry.value.kind === 'map' ? mergeLocated(below, entry.value) : entry.value;
    entries.set(key, { ...entry, value });
  }
  return { kind: 'map', at: over.at, entries };
}

/**
 * A layer over another (RFC 7396): maps key by key, `null` removes, everything else is replaced by `over`.
 */
export function layerLocated(base: LocatedMap, over: LocatedMap): LocatedMap {
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    if (isNull(entry.value)) entries.delete(key);
    else if (entry.value.kind !== 'map') entries.set(key, entry);
    else if (below?.value.kind === 'map')
      entries.set(key, { ...upper(below, entry), value: layerLocated(below.value, entry.value) });
    else entries.set(key, { ...entry, value: layerLocated(emptyMap(entry.value.at), entry.value) });
  }
  return { kind: 'map', at: upper(base, over).at, entries };
}

/** The one whose place is told: a map stands in a file, even where a variable changes what is in it. */
function upper<T extends { readonly at: Position }>(below: T, above: T): T {
  return above.at.layer === undefined ? above : below;
}

export function emptyMap(at: Position): LocatedMap {
  return { kind: 'map', at, entries: new Map() };
}

/** Whether somebody wrote `null`, or nothing. */
export function isNull(value: LocatedValue): boolean {
  return value.kind === 'scalar' && value.value === null && value.origin === 'written';
}

/** A plain value as if it stood at one place. */
export function locatedFrom(plain: unknown, at: Position): LocatedValue {
  if (Array.isArray(plain)) return { kind: 'list', at, items: plain.map((item) => locatedFrom(item, at)) };
  if (typeof plain === 'object' && plain !== null) {
    const entries = Object.entries(plain).map(([key, value]): [string, LocatedEntry] => [
      key,
      { written: key, at, value: locatedFrom(value, at) },
    ]);
    return { kind: 'map', at, entries: new Map(entries) };
  }
  const value =
    typeof plain === 'string' || typeof plain === 'number' || typeof plain === 'boolean' ? plain : null;
  return { kind: 'scalar', at, value, source: String(value), origin: 'written' };
}

/** A value below the keys of a path. */
export function nested(path: readonly string[], value: LocatedValue): LocatedMap {
  const [key = '', ...rest] = path;
  const entry = { written: key, at: value.at, value: rest.length === 0 ? value : nested(rest, value) };
  return { kind: 'map', at: value.at, entries: new Map([[key, entry]]) };
}

/** What stands at the end of a path of keys; `undefined` where the way there ends before. */
export function entryAt(root: LocatedMap, path: readonly string[]): LocatedEntry | undefined {
  let found: LocatedEntry | undefined;
  let map: LocatedMap | undefined = root;
  for (const key of path) {
    found = map?.entries.get(key);
    map = found?.value.kind === 'map' ? found.value : undefined;
  }
  return found;
}

/**
 * The value without positions and without what is unresolved. Keys are own properties; a source cannot hold
 * `__proto__`.
 */
export function plainValue(located: LocatedValue): unknown {
  if (located.kind === 'scalar') return located.value;
  if (located.kind === 'list') return located.items.filter(isResolved).map(plainValue);
  const entries = [...located.entries].filter(([, entry]) => isResolved(entry.value));
  return Object.fromEntries(entries.map(([key, entry]) => [key, plainValue(entry.value)]));
}

function isResolved(located: LocatedValue): boolean {
  return located.kind !== 'scalar' || located.origin !== 'unresolved';
}

/** The text of an entry of a map; `undefined` when it is absent or no text. */
export function textAt(located: LocatedMap, key: string): string | undefined {
  const value = located.entries.get(key)?.value;
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
}

/** The node at a path, or its nearest ancestor. */
export interface Located {
  readonly value: LocatedValue;
  /** Keys as written, joined by dots: `mcpServers.github.args.0`. */
  readonly key: string;
  /** Where the key of the last entry on the way stands; the value itself at the root. */
  readonly keyAt: Position;
}

export function locate(root: LocatedValue, path: readonly PropertyKey[]): Located {
  let found: Located = { value: root, key: '', keyAt: root.at };
  for (const segment of path) {
    const { value } = found;
    if (value.kind === 'map') {
      const entry = value.entries.get(String(segment));
      if (entry === undefined) return found;
      found = { value: entry.value, key: joinKey(found.key, entry.written), keyAt: entry.at };
    } else if (value.kind === 'list') {
      const item = value.items[Number(segment)];
      if (item === undefined) return found;
      found = { value: item, key: joinKey(found.key, String(segment)), keyAt: item.at };
    }
  }
  return found;
}

/** Appends one key to a dotted path. */
export function joinKey(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/**
 * A scalar as if it stood in a source.
 *
 * @param source - Its characters there; the value itself when absent.
 */
export function written(
  value: string | boolean,
  at: Position,
  source: string = String(value),
): LocatedScalar {
  return { kind: 'scalar', at, value, source, origin: 'written' };
}

/** What kind of value this is, as messages say it. */
export function kindOf(located: LocatedValue): string {
  if (located.kind !== 'scalar') return `a ${located.kind}`;
  if (located.value === null) return 'nothing';
  if (located.origin === 'expanded') return 'text from a variable';
  if (typeof located.value === 'string') return 'text';
  return typeof located.value === 'number' ? 'a number' : String(located.value);
}
