import { written, type LocatedEntry, type LocatedMap, type LocatedValue } from '../document/located-value.ts';
import { variable, type Environment } from '../document/variables.ts';
import type { NormalizeEntryOptions } from './entry-report.ts';

export interface NamedVariablesOptions extends NormalizeEntryOptions {
  readonly set: (own: string, found: LocatedEntry) => void;
}

/**
 * How a client names variables that become headers or environment. Codex "config.toml", Goose "Extensions".
 */
const KEYS: Readonly<Record<string, 'bearer' | 'headers' | 'env' | 'env-if-set'>> = {
  bearer_token_env_var: 'bearer',
  env_http_headers: 'headers',
  env_keys: 'env',
  env_vars: 'env-if-set',
};

/**
 * Reads a key that names variables instead of values.
 *
 * @returns Whether it is one.
 */
export function namedVariables(name: string, found: LocatedEntry, options: NamedVariablesOptions): boolean {
  const meaning = KEYS[name];
  if (meaning === undefined) return false;
  const { env, problems, key } = options;
  const { value } = found;
  const references = new Map<string, LocatedEntry>();
  const add = (target: string, variableName: LocatedValue, prefix = ''): void => {
    if (variableName.kind !== 'scalar' || typeof variableName.value !== 'string') return;
    const text = `${prefix}\${${variableName.value}}`;
    references.set(target, { written: target, at: variableName.at, value: written(text, variableName.at) });
  };
  if (meaning === 'bearer') add('Authorization', value, 'Bearer ');
  else if (meaning === 'headers' && value.kind === 'map') {
    for (const [header, entry] of value.entries) if (isSet(entry.value, env)) add(header, entry.value);
  } else if (value.kind === 'list') {
    for (const item of value.items) {
      const named = item.kind === 'map' ? (item.entries.get('name')?.value ?? item) : item;
      if (named.kind !== 'scalar' || typeof named.value !== 'string') continue;
      if (meaning === 'env' || variable(env, named.value) !== undefined) add(named.value, named);
    }
  } else {
    problems.add(value.at, `${key}.${name}`, `${key}.${name} must name variables`);
    return true;
  }
  merge(meaning.startsWith('env') ? 'env' : 'headers', references, found, options);
  return true;
}

/** What the client writes as values wins. */
function merge(
  own: 'env' | 'headers',
  references: ReadonlyMap<string, LocatedEntry>,
  found: LocatedEntry,
  { set }: NamedVariablesOptions,
): void {
  if (references.size === 0) return;
  const map: LocatedMap = { kind: 'map', at: found.at, entries: references };
  set(own, { ...found, value: map });
}

function isSet(named: LocatedValue, env: Environment): boolean {
  return (
    named.kind === 'scalar' && typeof named.value === 'string' && variable(env, named.value) !== undefined
  );
}
