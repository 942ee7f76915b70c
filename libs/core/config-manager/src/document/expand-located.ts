import { secretsIn } from '@omni/ports';
import type { ProblemList } from '../checks/config-problem.ts';
import { joinKey, type LocatedEntry, type LocatedValue } from './located-value.ts';
import { expandVariables, hasReference, type VariableScope } from './variables.ts';

export interface ExpandOptions {
  readonly scope: VariableScope;
  /** Path of the value, for messages. */
  readonly key: string;
  /** Told about references that cannot be replaced; absent for a server that will not be started. */
  readonly problems?: Pick<ProblemList, 'add'>;
  /** Receives what must not be printed of the values that were inserted. */
  readonly secretValues: Set<string>;
}

/** Replaces the references in every text below a value. Names have none, see {@link checkName}. */
export function expandLocated(located: LocatedValue, options: ExpandOptions): LocatedValue {
  const below = (value: LocatedValue, key: string): LocatedValue =>
    expandLocated(value, { ...options, key: joinKey(options.key, key) });
  if (located.kind === 'list')
    return { ...located, items: located.items.map((item, index) => below(item, String(index))) };
  if (located.kind === 'map') {
    const entries = new Map<string, LocatedEntry>();
    for (const [name, entry] of located.entries) {
      checkName(entry, options);
      entries.set(name, { ...entry, value: below(entry.value, entry.written) });
    }
    return { ...located, entries };
  }
  const { scope } = options;
  if (typeof located.value !== 'string' || !hasReference(located.value, scope.syntaxes)) return located;
  const {
    text,
    values,
    isExpanded,
    secrets = [],
    parts,
    failures,
  } = expandVariables(located.value, {
    ...scope,
    // Whoever may change a setting while Omni runs need not be who runs it.
    isForeign:
      scope.isForeign === true || /* guard: config/override-variables */ located.at.layer === 'override',
    file: located.at.file,
  });
  // Whatever they look like.
  // guard: config/declared-secrets
  for (const secret of secrets) options.secretValues.add(secret);
  for (const { name, value } of values)
    for (const secret of secretsIn(name, value)) options.secretValues.add(secret);
  for (const failure of failures)
    options.problems?.add(located.at, options.key, `${options.key}: ${failure}`);
  return {
    ...located,
    value: text,
    origin: failures.length > 0 ? 'unresolved' : isExpanded ? 'expanded' : located.origin,
    ...(parts !== undefined && { parts }),
  };
}

/** Whoever writes `"${NAME}": …` wants it replaced; taken as it stands it would be the name of nothing. */
export function checkName(
  { written, at }: Pick<LocatedEntry, 'written' | 'at'>,
  { key, problems }: Pick<ExpandOptions, 'key' | 'problems'>,
): void {
  if (!hasReference(written)) return;
  problems?.add(
    at,
    key,
    `${key === '' ? 'the configuration' : key} holds a name with "\${…}"; only values are replaced, write the name itself`,
  );
}
