import type { LocatedEntry, LocatedMap } from '../document/located-value.ts';

/**
 * A layer with the names of headers as they are spelled below: they are the same in any case (RFC 9110,
 * section 5.1), and both would be sent.
 *
 * @param below - What it lies over.
 */
export function withHeaderNames(layer: LocatedMap, below: LocatedMap): LocatedMap {
  return changed(layer, below, ['mcpServers'], (servers, serversBelow) =>
    [...servers.entries.keys()].reduce(
      (map, name) => changed(map, serversBelow, [name, 'headers'], spelled),
      servers,
    ),
  );
}

type Change = (map: LocatedMap, below: LocatedMap) => LocatedMap;

/** With the map at a path changed, where both have one. */
function changed(map: LocatedMap, below: LocatedMap, path: readonly string[], change: Change): LocatedMap {
  const [key, ...rest] = path;
  if (key === undefined) return change(map, below);
  const entry = map.entries.get(key);
  const under = below.entries.get(key);
  if (entry?.value.kind !== 'map' || under?.value.kind !== 'map') return map;
  const value = changed(entry.value, under.value, rest, change);
  return { ...map, entries: new Map(map.entries).set(key, { ...entry, value }) };
}

function spelled(headers: LocatedMap, below: LocatedMap): LocatedMap {
  const names = new Map([...below.entries.keys()].map((name) => [name.toLowerCase(), name]));
  const entries = new Map<string, LocatedEntry>();
  for (const [name, entry] of headers.entries) entries.set(names.get(name.toLowerCase()) ?? name, entry);
  return { ...headers, entries };
}
