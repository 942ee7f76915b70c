import {
  joinKey,
  nested,
  written,
  mergeLocated,
  type LocatedMap,
  type LocatedValue,
} from '../document/located-value.ts';
import type { EntryReport } from './entry-report.ts';

type Read = (block: LocatedMap, entry: LocatedMap, report: EntryReport) => LocatedMap;

/** Blocks of a server, as the supervisor before Omni calls them, with its defaults (X000-01). */
const BLOCKS: ReadonlyMap<string, Read> = new Map([
  ['healthCheck', healthOf],
  [
    'limits',
    (block) =>
      under(['routing', 'rate'], block, {
        rps: numberOr(block, 'rps', 3),
        burst: numberOr(block, 'burst', 6),
      }),
  ],
  [
    'timeouts',
    (block) =>
      under([], block, {
        callTimeout: msOr(block, 'opMs', 30_000),
        connectTimeout: msOr(block, 'startMs', 30_000),
      }),
  ],
  [
    'retry',
    (block) =>
      under(['routing', 'retry'], block, {
        attempts: block.entries.get('attempts')?.value,
        backoff: block.entries.has('backoffMs') ? msOr(block, 'backoffMs', 0) : undefined,
      }),
  ],
]);

export const EARLIER_KEYS: readonly string[] = [...BLOCKS.keys()];

/** What of an entry is in that shape, in the keys of today; what is said in both is said by the latter. */
export function withPresentShape(entry: LocatedMap, report: EntryReport): LocatedMap {
  let result = entry;
  for (const [key, read] of BLOCKS) {
    const block = entry.entries.get(key)?.value;
    if (block?.kind !== 'map') continue;
    const entries = new Map(result.entries);
    entries.delete(key);
    for (const unknown of block.entries.keys())
      if (!KEYS[key]?.includes(unknown))
        report.problems.add(
          block.entries.get(unknown)?.at ?? block.at,
          `${report.key}.${key}.${unknown}`,
          `"${unknown}" is not a key of "${joinKey(report.key, key)}"`,
        );
    result = mergeLocated(read(block, entry, report), { ...result, entries });
  }
  return result;
}

const KEYS: Readonly<Record<string, readonly string[]>> = {
  healthCheck: ['type', 'url', 'command', 'timeoutMs', 'intervalMs'],
  limits: ['rps', 'burst'],
  timeouts: ['opMs', 'startMs'],
  retry: ['attempts', 'backoffMs'],
};
const DEFAULT_HEALTH_MS = 10_000;

/** A server is asked on the connection that there is: no second one is started to ask. */
function healthOf(block: LocatedMap, entry: LocatedMap, { key, warnings }: EntryReport): LocatedMap {
  const { type, url, command } = Object.fromEntries(
    ['type', 'url', 'command'].map((name) => [name, block.entries.get(name)]),
  );
  const path = `${key}.healthCheck`;
  const isHttp = type?.value.kind === 'scalar' && type.value.value === 'http' && entry.entries.has('url');
  const unused = [command, isHttp ? undefined : url].filter((found) => found !== undefined);
  for (const { at, written: name } of unused)
    warnings.add(
      at,
      `${path}.${name}`,
      `${path}.${name} has no effect: the server is asked on its connection`,
    );
  const address = url?.value.kind === 'scalar' ? String(url.value.value) : '';
  return under(['health'], block, {
    strategy: isHttp ? written('http', block.at) : undefined,
    path: isHttp ? written(pathIn(address), url?.at ?? block.at) : undefined,
    timeout: msOr(block, 'timeoutMs', DEFAULT_HEALTH_MS),
    interval: msOr(block, 'intervalMs', DEFAULT_HEALTH_MS),
  });
}

function pathIn(address: string): string {
  return /^[a-z]+:\/\/[^/]*(\/[^?#]*)/i.exec(address)?.[1] ?? '/';
}

function msOr(block: LocatedMap, key: string, otherwise: number): LocatedValue {
  const found = block.entries.get(key)?.value;
  const first = found?.kind === 'list' ? found.items[0] : found;
  if (first === undefined) return written(`${otherwise}ms`, block.at);
  return first.kind === 'scalar' && typeof first.value === 'number'
    ? written(`${Math.round(first.value)}ms`, first.at, first.source)
    : first;
}

function numberOr(block: LocatedMap, key: string, otherwise: number): LocatedValue {
  const found = block.entries.get(key)?.value;
  return (
    found ?? { kind: 'scalar', at: block.at, value: otherwise, source: String(otherwise), origin: 'written' }
  );
}

function under(
  path: readonly string[],
  { at }: LocatedMap,
  values: Readonly<Record<string, LocatedValue | undefined>>,
): LocatedMap {
  const entries = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, { written: key, at: value.at, value }] as const],
  );
  const map: LocatedMap = { kind: 'map', at, entries: new Map(entries) };
  return path.length === 0 ? map : nested(path, map);
}
