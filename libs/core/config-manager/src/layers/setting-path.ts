import type * as z from 'zod/mini';
import type { LocatedMap, LocatedValue } from '../document/located-value.ts';
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
 * do not count in keys of Omni, nor in names that are there already; other names are taken as they are.
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
    const key = chosen(word, shape === undefined ? present : Object.keys(shape));
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
    const next: string = longest ?? rest.split('.', 1)[0] ?? rest;
    rest = rest.slice(next.length + 1);
    keys.push(next);
    schema = schema === undefined ? undefined : schemaBelow(schema, next);
    below = below?.kind === 'map' ? below.entries.get(next)?.value : undefined;
  }
  return { keys, schema };
}

function chosen(word: string, names: readonly string[]): string {
  if (names.includes(word)) return word;
  const alike = names.filter((name) => folded(name) === folded(word));
  return alike.length === 1 ? (alike[0] ?? word) : word;
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]/g, '');
}
