import type * as z from 'zod/mini';
import type { LocatedMap, LocatedValue } from '../document/located-value.ts';
import { SERVER_BLOCKS } from '../document/normalize-source.ts';
import { otherNamesAt } from '../document/renamed-settings.ts';
import { OTHER_KEYS } from '../entry/normalize-entry.ts';
import { ConfigurationSchema } from '../schema/configuration-schema.ts';
import { schemaBelow, shapeOf } from '../schema/setting-at.ts';

/** A setting, as its keys are called where it is set. */
export interface SettingPath {
  readonly keys: readonly string[];
  /** `undefined` where there is no such setting. */
  readonly schema: z.core.$ZodType | undefined;
}

/**
 * The setting that is meant by the words of a variable: `['SERVER', 'UNIX_SOCKET']`. Case, `-`, `_` and `.`
 * do not count in keys of Omni and their other names, nor in names that are there already; what else there is
 * is taken as it is.
 *
 * @param root - What lies below.
 */
export function pathOfWords(words: readonly string[], root: LocatedMap): SettingPath {
  let schema: z.core.$ZodType | undefined = ConfigurationSchema;
  let below: LocatedValue | undefined = root;
  const keys: string[] = [];
  for (const word of words) {
    const shape: Readonly<Record<string, unknown>> | undefined =
      schema === undefined ? undefined : shapeOf(schema);
    const present: readonly string[] = below?.kind === 'map' ? [...below.entries.keys()] : [];
    const others = shape === undefined ? otherNamesAt(keys) : otherKeys(keys, Object.keys(shape));
    const other = others.find((name) => folded(name) === folded(word));
    const key = withPresentBlock(
      chosen(word, shape === undefined ? present : Object.keys(shape)) ?? other ?? word,
      keys,
    );
    keys.push(key);
    schema = schema === undefined ? undefined : schemaBelow(schema, key);
    below = below?.kind === 'map' ? below.entries.get(key)?.value : undefined;
  }
  return { keys, schema };
}

/**
 * The setting of `server.listen`, `mcpServers.my.server.callTimeout` or `secrets.rules.a.b`: a name with dots
 * in it counts where it is there already.
 *
 * @param root - What lies below.
 */
export function pathOfKey(key: string, root: LocatedMap): SettingPath {
  let schema: z.core.$ZodType | undefined = ConfigurationSchema;
  let below: LocatedValue | undefined = root;
  const keys: string[] = [];
  for (let rest = key; rest !== '';) {
    const present: readonly string[] = below?.kind === 'map' ? [...below.entries.keys()] : [];
    const begun = (name: string): boolean => rest === name || rest.startsWith(`${name}.`);
    const longest = present.filter(begun).toSorted((a, b) => b.length - a.length)[0];
    const written: string = longest ?? rest.split('.', 1)[0] ?? rest;
    rest = rest.slice(written.length + 1);
    const next = withPresentBlock(written, keys);
    keys.push(next);
    schema = schema === undefined ? undefined : schemaBelow(schema, next);
    below = below?.kind === 'map' ? below.entries.get(next)?.value : undefined;
  }
  return { keys, schema };
}

/** Other names of the settings in a map, those with a bare number of milliseconds too. */
function otherKeys(path: readonly string[], own: readonly string[]): readonly string[] {
  const ofServer = path.length === 2 && path[0] === 'mcpServers' ? OTHER_KEYS : [];
  const blocks = path.length === 0 ? SERVER_BLOCKS : [];
  return [...otherNamesAt(path), ...ofServer, ...blocks, ...own.map((name) => `${name}Ms`)];
}

/** Other names of the block of servers lead to the one that the layers below have. */
function withPresentBlock(key: string, path: readonly string[]): string {
  return path.length === 0 && key !== 'mcp' && SERVER_BLOCKS.includes(key) ? 'mcpServers' : key;
}

/** `undefined` where none is meant, or several are. */
function chosen(word: string, names: readonly string[]): string | undefined {
  if (names.includes(word)) return word;
  const alike = new Set(names.filter((name) => folded(name) === folded(word)));
  return alike.size === 1 ? [...alike][0] : undefined;
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]/g, '');
}
