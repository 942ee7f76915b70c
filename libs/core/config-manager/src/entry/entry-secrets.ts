import type { SecretText, UpstreamSecrets } from '@omni/ports';
import type { ProblemList } from '../checks/config-problem.ts';
import { joinKey, type LocatedEntry, type LocatedMap } from '../document/located-value.ts';

/** What an entry says without secrets, and the headers and variables that hold some. */
export interface EntrySecrets {
  readonly entry: LocatedMap;
  /** `undefined` where there are none. */
  readonly secrets: UpstreamSecrets | undefined;
}

/** Takes headers and variables that hold references to secrets out of an expanded entry. */
export function entrySecrets(expanded: LocatedMap): EntrySecrets {
  const entries = new Map(expanded.entries);
  const taken = (name: 'env' | 'headers'): Readonly<Record<string, SecretText>> => {
    const found = entries.get(name);
    if (found?.value.kind !== 'map') return {};
    const texts: [string, SecretText][] = [];
    const kept = new Map<string, LocatedEntry>();
    for (const [key, inner] of found.value.entries)
      if (inner.value.kind === 'scalar' && inner.value.parts !== undefined)
        texts.push([key, inner.value.parts]);
      else kept.set(key, inner);
    if (texts.length > 0) entries.set(name, { ...found, value: { ...found.value, entries: kept } });
    return Object.fromEntries(texts);
  };
  const secrets = { headers: taken('headers'), environment: taken('env') };
  const isEmpty = Object.keys(secrets.headers).length + Object.keys(secrets.environment).length === 0;
  return { entry: { ...expanded, entries }, secrets: isEmpty ? undefined : secrets };
}

export interface ArgumentReport {
  readonly key: string;
  readonly problems: Pick<ProblemList, 'add'>;
  readonly warnings: Pick<ProblemList, 'add'>;
  /** Whether they are refused. */
  readonly isStrict: boolean;
}

const REFERENCE = /\$\{(?:SECRET|VAULT|KEYCHAIN|FILE|EXEC):(?![-?])/;

/**
 * Every user of a machine can read the arguments of its processes.
 *
 * @param written - The entry as it is written.
 */
export function reportSecretArguments(
  written: LocatedMap,
  { key, problems, warnings, isStrict }: ArgumentReport,
): void {
  const args = written.entries.get('args');
  if (args?.value.kind !== 'list') return;
  for (const [index, item] of args.value.items.entries()) {
    if (item.kind !== 'scalar' || typeof item.value !== 'string' || !REFERENCE.test(item.value)) continue;
    const path = joinKey(joinKey(key, args.written), String(index));
    // guard: config/secret-arguments
    (isStrict ? problems : warnings).add(
      item.at,
      path,
      `${path} holds a secret, and every user of the machine can read arguments of processes; hand it over in "env"`,
    );
  }
}
