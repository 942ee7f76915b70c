import type { LocatedEntry, LocatedMap } from '../document/located-value.ts';

/** Maps that hold keys of the server itself: Continue, Hugging Face tiny-agents, MCPHub, Mastra. */
const WRAPPERS: readonly string[] = [
  'transport',
  'connection',
  'config',
  'options',
  'requestOptions',
  'requestInit',
];
/** Of these only the keys named here mean something to a gateway. */
const TAKEN: Readonly<Record<string, ReadonlySet<string>>> = {
  options: new Set(['timeout', 'resetTimeoutOnProgress', 'requestInit']),
  requestOptions: new Set(['headers']),
  requestInit: new Set(['headers']),
};
const SERVER_KEYS: readonly string[] = ['command', 'cmd', 'url', 'type'];
/** The keys of Zed's older `command: { path, args, env }`. */
const COMMAND_PARTS: ReadonlyMap<string, string> = new Map([
  ['path', 'command'],
  ['program', 'command'],
  ['args', 'args'],
  ['arguments', 'args'],
  ['env', 'env'],
  ['cwd', 'cwd'],
  ['timeout', 'timeout'],
]);

/**
 * Takes the keys of a server out of the maps that some clients put them into; what stands beside such a map
 * wins.
 */
export function flattened(entry: LocatedMap): LocatedMap {
  const entries = new Map(entry.entries);
  for (const wrapper of WRAPPERS) {
    const found = entries.get(wrapper);
    if (found?.value.kind !== 'map') continue;
    const taken = TAKEN[wrapper];
    if (taken === undefined && !SERVER_KEYS.some((key) => hasKey(found, key))) continue;
    if (wrapper === 'config' && (entries.has('command') || entries.has('url'))) continue;
    entries.delete(wrapper);
    for (const [key, inner] of found.value.entries) {
      if (taken !== undefined && !taken.has(key)) entries.set(`${wrapper}.${key}`, inner);
      else if (!entries.has(key)) entries.set(key, inner);
    }
  }
  const command = entries.get('command');
  if (command?.value.kind === 'map') {
    entries.delete('command');
    for (const [key, inner] of command.value.entries) {
      const own = COMMAND_PARTS.get(key) ?? key;
      if (!entries.has(own)) entries.set(own, inner);
    }
  }
  return { ...entry, entries };
}

function hasKey({ value }: LocatedEntry, key: string): boolean {
  return value.kind === 'map' && value.entries.has(key);
}
