import { holdsCredential, isSecretName, isSecretReference, oneLineText } from '@omni/ports';
import { ProblemList } from '../checks/config-problem.ts';
import type { ConfigSource } from '../document/config-source.ts';
import { joinKey, type LocatedValue } from '../document/located-value.ts';
import { mergeSources } from '../layers/merge-sources.ts';
import type { ParseOptions } from '../parse-configuration.ts';
import { featureVariable } from '../upstream-config.ts';

/** A variable of the environment that a configuration names. */
export interface NamedVariable {
  readonly name: string;
  /** Keys of the settings that need it, joined by dots. */
  readonly usedBy: readonly string[];
  /** Whether something does not work without it. */
  readonly isRequired: boolean;
  /** What stands in for it; absent where it may be a secret. */
  readonly fallback?: string;
}

const REFERENCE = /(?<!\$)\$\{(?:ENV:|env:)?([A-Za-z_][A-Za-z0-9_]*)(?::([-?])([^{}]*))?\}/g;

/**
 * The variables that the files of a configuration name: in references, in `requiredEnv`, in feature flags
 * (X000-08). Variables that a server's own `env` defines are its own.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID` when a source cannot be read.
 */
export function namedVariables(
  sources: readonly ConfigSource[],
  { env, strict = false }: Pick<ParseOptions, 'env' | 'strict'>,
): readonly NamedVariable[] {
  const [problems, warnings, notes] = [new ProblemList(), new ProblemList(), new ProblemList()];
  const { root } = mergeSources(sources, { problems, warnings, notes, env, strict, layers: {} });
  problems.throwIfAny();
  const found = new Map<string, NamedVariable>();
  const add = (name: string, usedBy: string, isRequired: boolean, fallback?: string): void => {
    // Nobody calls a variable so, but many paste a token where its name belongs.
    if (holdsCredential(name) || isSecretReference(name) || /[\s=]/.test(name)) return;
    const known = found.get(name);
    const shown =
      fallback === undefined || isSecretName(name) || holdsCredential(fallback) || /[\r\n]/.test(fallback)
        ? undefined
        : fallback;
    const kept = known?.fallback ?? shown;
    found.set(name, {
      name,
      usedBy: [...new Set([...(known?.usedBy ?? []), usedBy])],
      isRequired: isRequired || known?.isRequired === true,
      ...(kept !== undefined && { fallback: kept }),
    });
  };
  const visit = (value: LocatedValue, key: string, own: ReadonlySet<string>): void => {
    if (value.kind === 'list') value.items.forEach((item) => visit(item, key, own));
    else if (value.kind === 'map') {
      const names = value.entries.get('env')?.value;
      const inner = names?.kind === 'map' && own.size === 0 ? new Set(names.entries.keys()) : own;
      for (const [name, entry] of value.entries) {
        const path = joinKey(key, name);
        if (name === 'requiredEnv' && entry.value.kind === 'list')
          for (const item of entry.value.items)
            if (item.kind === 'scalar') add(String(item.value), path, true);
        if (name === 'featureFlag' && entry.value.kind === 'scalar')
          add(featureVariable(String(entry.value.value)), path, false);
        visit(entry.value, path, name === 'env' ? new Set([...inner].filter(isOther(entry.value))) : inner);
      }
    } else if (typeof value.value === 'string')
      for (const [, name = '', operator, operand] of value.value.matchAll(REFERENCE))
        if (!own.has(name)) add(name, key, operator !== '-', operator === '-' ? operand : undefined);
  };
  visit(root, '', new Set());
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** In `env` itself, `TOKEN: "${TOKEN}"` hands a variable of Omni on. */
function isOther(env: LocatedValue): (name: string) => boolean {
  return (name) => {
    const value = env.kind === 'map' ? env.entries.get(name)?.value : undefined;
    return !(value?.kind === 'scalar' && String(value.value).includes('${'));
  };
}

/** A file for a person to fill in, such as `.env.example`. */
export function environmentExample(variables: readonly NamedVariable[]): string {
  const blocks = variables.map(({ name, usedBy, isRequired, fallback }) => {
    const use = `# ${isRequired ? 'Required' : 'Optional'}: ${oneLineText(usedBy.join(', '))}`;
    return `${use}\n${fallback === undefined ? '' : '# '}${name}=${fallback ?? ''}\n`;
  });
  return `# Variables that the configuration of Omni names; written by omni config env-example.\n\n${blocks.join('\n')}`;
}
