import type { SecretReference } from '@omni/ports';
import type { ProblemList } from '../checks/config-problem.ts';
import type { Reading } from '../clients/recognise-client.ts';
import { homeOf } from '../clients/client-variables.ts';
import { checkName, expandLocated } from '../document/expand-located.ts';
import { joinKey, type LocatedEntry, type LocatedMap, type LocatedValue } from '../document/located-value.ts';
import type { SecretReading, SecretSource } from '../collaborators.ts';
import type { Environment, VariableScope } from '../document/variables.ts';

export interface ExpandedEntryOptions {
  readonly env: Environment;
  /** Whose file the entry stands in; `undefined` for Omni's own. */
  readonly reading: Reading | undefined;
  readonly key: string;
  /** Absent for a server that will not be started. */
  readonly problems?: Pick<ProblemList, 'add'>;
  readonly secretValues: Set<string>;
  /** Absent where there are no secrets. */
  readonly secrets?: SecretSource | undefined;
  /** See {@link VariableScope.isForeign}. */
  readonly isForeign?: boolean | undefined;
  /** For the audit. */
  readonly server: string;
}

/** Replaces the references of an entry. What its own `env` defines is looked up there and nowhere else. */
export function expandedEntry(entry: LocatedMap, options: ExpandedEntryOptions): LocatedMap {
  const { env, reading, key, secrets, isForeign, server } = options;
  const own = ownVariables(entry);
  const read = (reference: SecretReference): SecretReading =>
    secrets?.read(reference, `server:${server}`) ?? { failure: 'there are no secrets' };
  const scope: VariableScope = {
    env,
    own,
    isForeign,
    ...(secrets !== undefined && { secrets: { mode: 'read', read } }),
    ...(reading === undefined
      ? {}
      : { folders: { project: reading.project }, syntaxes: reading.format.placeholders }),
  };
  const entries = new Map<string, LocatedEntry>();
  for (const [name, found] of entry.entries) {
    const path = joinKey(key, found.written);
    const value =
      name === 'env' && found.value.kind === 'map'
        ? expandedEnv(found.value, keeping(scope), { ...options, key: path })
        : expandLocated(found.value, {
            ...options,
            key: path,
            scope: name === 'headers' ? keeping(scope) : scope,
          });
    entries.set(name, { ...found, value: withHome(name, value, options) });
  }
  return { ...entry, entries };
}

/** Headers and variables take their secrets when they are used: these may change meanwhile. */
function keeping(scope: VariableScope): VariableScope {
  return scope.secrets === undefined ? scope : { ...scope, secrets: { ...scope.secrets, mode: 'keep' } };
}

/** A variable is not defined by itself: `PATH: "/opt/bin:${PATH}"` means the one of Omni. */
function expandedEnv(map: LocatedMap, scope: VariableScope, options: ExpandedEntryOptions): LocatedMap {
  const entries = new Map<string, LocatedEntry>();
  for (const [name, found] of map.entries) {
    const own = new Map([...(scope.own ?? [])].filter(([other]) => other !== name));
    const key = joinKey(options.key, found.written);
    checkName(found, options);
    entries.set(name, {
      ...found,
      value: expandLocated(found.value, { ...options, key, scope: { ...scope, own } }),
    });
  }
  return { ...map, entries };
}

function ownVariables(entry: LocatedMap): ReadonlyMap<string, string> {
  const env = entry.entries.get('env')?.value;
  const own = new Map<string, string>();
  if (env?.kind !== 'map') return own;
  for (const [name, { value }] of env.entries)
    if (value.kind === 'scalar' && typeof value.value === 'string') own.set(name, value.value);
  return own;
}

/**
 * A leading `~/` of a program or a folder can mean nothing else; of arguments it does where the client says
 * so.
 */
function withHome(name: string, value: LocatedValue, { env, reading }: ExpandedEntryOptions): LocatedValue {
  const home = homeOf(env);
  if (home === undefined) return value;
  if (name === 'args' && value.kind === 'list' && reading?.format.expandsTilde === true)
    return { ...value, items: value.items.map((item) => atHome(item, home)) };
  return name === 'command' || name === 'cwd' ? atHome(value, home) : value;
}

function atHome(value: LocatedValue, home: string): LocatedValue {
  if (value.kind !== 'scalar' || typeof value.value !== 'string' || !/^~(?:[\\/]|$)/.test(value.value))
    return value;
  return { ...value, value: home + value.value.slice(1) };
}
