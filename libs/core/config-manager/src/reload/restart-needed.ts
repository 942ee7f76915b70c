/**
 * Settings that differ and are in force only after a restart: all but those of servers.
 *
 * @param started - What Omni was started with.
 * @returns Keys as they stand in {@link Configuration}, e.g. `server.port`; never values.
 */
export function settingsThatNeedRestart(started: object, read: object): readonly string[] {
  return differences(started, read, (key) => !LIVE.has(key)).flatMap((section) => {
    const [before, after] = [memberOf(started, section), memberOf(read, section)];
    const inner = isPlain(before) && isPlain(after) ? differences(before, after) : [];
    return inner.length === 0 ? [section] : inner.map((key) => `${section}.${key}`);
  });
}

/** What is applied at once, or decides nothing. */
const LIVE: ReadonlySet<string> = new Set(['upstreams', 'warnings', 'notes']);

function differences(before: object, after: object, counts = (_key: string): boolean => true): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter(
    (key) => counts(key) && textOf(memberOf(before, key)) !== textOf(memberOf(after, key)),
  );
}

function memberOf(object: object, key: string): unknown {
  // Holds: what a member holds is looked at before it is used.
  return (object as Readonly<Record<string, unknown>>)[key];
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? '';
}
