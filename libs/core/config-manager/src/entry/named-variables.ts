import { written, type LocatedEntry, type LocatedMap, type LocatedValue } from '../document/located-value.ts';
import { variable, type Environment } from '../document/variables.ts';
import type { NormalizeEntryOptions } from './entry-report.ts';

export interface NamedVariablesOptions extends NormalizeEntryOptions {
  readonly set: (own: string, found: LocatedEntry) => void;
}

/**
 * What becomes headers or environment: variables by name, and tokens. Codex "config.toml", Goose
 * "Extensions".
 */
const KEYS: Readonly<Record<string, 'bearer' | 'bearer-value' | 'headers' | 'env' | 'env-if-set'>> = {
  bearer_token_env_var: 'bearer',
  bearerTokenEnv: 'bearer', // mcporter
  bearerToken: 'bearer-value',
  apiKey: 'bearer-value', // Continue
  api_key: 'bearer-value', // OpenHands
  authorization_token: 'bearer-value', // the MCP connector of Claude's API
  env_http_headers: 'headers',
  env_keys: 'env',
  env_vars: 'env-if-set',
};

/** Whether a key names variables instead of values, or holds a token instead of a header. */
export function isNamedVariable(name: string): boolean {
  return Object.hasOwn(KEYS, name);
}

/** Reads such a key. */
export function namedVariables(name: string, found: LocatedEntry, options: NamedVariablesOptions): void {
  const meaning = KEYS[name];
  if (meaning === undefined) return;
  const { env, problems, key } = options;
  const { value } = found;
  const references = new Map<string, LocatedEntry>();
  const add = (target: string, variableName: LocatedValue, [before, after] = ['${', '}']): void => {
    if (variableName.kind !== 'scalar' || typeof variableName.value !== 'string') return;
    const text = `${before}${variableName.value}${after}`;
    references.set(target, { written: target, at: variableName.at, value: written(text, variableName.at) });
  };
  // With `:?` one that is not set is told without the advice to write a default.
  if (meaning === 'bearer') add('Authorization', value, ['Bearer ${', ':?}']);
  else if (meaning === 'bearer-value') {
    const token = textOf(value);
    if (token !== undefined)
      references.set('Authorization', { ...found, value: written(`Bearer ${token}`, value.at) });
  } else if (meaning === 'headers' && value.kind === 'map') {
    for (const [header, entry] of value.entries) if (isSet(entry.value, env)) add(header, entry.value);
  } else if (value.kind === 'list') {
    for (const item of value.items) {
      const named = item.kind === 'map' ? (item.entries.get('name')?.value ?? item) : item;
      if (named.kind !== 'scalar' || typeof named.value !== 'string') continue;
      if (meaning === 'env' || variable(env, named.value) !== undefined) add(named.value, named);
    }
  } else {
    problems.add(value.at, `${key}.${name}`, `${key}.${name} must name variables`);
    return;
  }
  merge(meaning.startsWith('env') ? 'env' : 'headers', references, found, options);
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

function textOf(value: LocatedValue): string | undefined {
  return value.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
}
