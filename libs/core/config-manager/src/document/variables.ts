import {
  holdsCredential,
  isSecretName,
  isSecretReference,
  parseSecretReference,
  type SecretReference,
  type SecretText,
} from '@omni/ports';
import { clientReference, type ClientFolders } from '../clients/client-variables.ts';
import { pathFrom } from './source-path.ts';
import type { SecretReading } from '../collaborators.ts';
import type { PlaceholderMeaning, PlaceholderSyntax } from '../clients/placeholder-syntax.ts';

/** Variables of the environment, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What references are looked up in. */
export interface VariableScope {
  readonly env: Environment;
  /** Variables that the same server defines, as they are written: they are looked up nowhere else. */
  readonly own?: ReadonlyMap<string, string>;
  /** In a client's file: what its folders are called. */
  readonly folders?: ClientFolders | undefined;
  /** In a client's file: its placeholders beside `${…}`. */
  readonly syntaxes?: readonly PlaceholderSyntax[] | undefined;
  /** Absent where there are no secrets. */
  readonly secrets?: SecretScope | undefined;
  /** Whether variables, files and programs of whoever runs Omni are looked up. Default: they are. */
  readonly isForeign?: boolean | undefined;
  /** Source of the text, where paths start. */
  readonly file?: string | undefined;
}

/** What references to secrets become. */
export interface SecretScope {
  /** `keep`: they stay references, see {@link Expansion.parts}. */
  readonly mode: 'keep' | 'read';
  readonly read: (reference: SecretReference) => SecretReading;
}

/** What a variable held that was put in. */
export interface InsertedValue {
  readonly name: string;
  readonly value: string;
}

/** A text with its references replaced. */
export interface Expansion {
  readonly text: string;
  /** Every non-empty value that was put in. */
  readonly values: readonly InsertedValue[];
  /** Whether a value of a variable stands in the text. */
  readonly isExpanded: boolean;
  /** The text with references to secrets in it; `undefined` where there are none. */
  readonly parts?: SecretText;
  /** Values of secrets that were put in; `undefined` where there are none. */
  readonly secrets?: readonly string[];
  /**
   * Why references could not be replaced. Names references, never values, and no name that looks like a
   * credential.
   */
  readonly failures: readonly string[];
}

const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?::([-?])([^]*))?$/;
const ENV_SCHEME = /^(?:ENV|env):(?![-?])/;
/** What runs with the rights of whoever runs Omni. */
const LOCAL_SCHEMES: ReadonlySet<string> = new Set(['FILE', 'EXEC']);

/** Whether a text may hold a reference or an escaped one. */
export function hasReference(text: string, syntaxes: readonly PlaceholderSyntax[] = []): boolean {
  return text.includes('${') || syntaxes.some(({ pattern }) => text.search(pattern) >= 0);
}

/** Value of a variable of the environment; `undefined` when it is not set. */
export function variable(env: Environment, name: string): string | undefined {
  return /* guard: config/prototype */ Object.hasOwn(env, name) ? env[name] : undefined;
}

/**
 * Replaces `${VAR}`, `${VAR:-default}`, `${VAR:?message}`, `${ENV:VAR}` and `${env:VAR}` by values of the
 * environment, and what the scope knows beside them.
 *
 * `$${` stands for `${`; `$VAR` is ordinary text. Values are inserted as they are: a `${…}` inside one is not
 * looked at. With `:-` and `:?` an empty variable counts as unset, as in a POSIX shell (XCU 2.6.2).
 */
export function expandVariables(text: string, scope: VariableScope): Expansion {
  const values: InsertedValue[] = [];
  const failures: string[] = [];
  const parts: (string | SecretReference)[] = [];
  const secrets: string[] = [];
  let isExpanded = false;
  let expanded = '';
  const append = (...more: SecretText): void => {
    for (const part of more) {
      const last = parts.at(-1);
      if (typeof part === 'string' && typeof last === 'string') parts[parts.length - 1] = last + part;
      else if (part !== '') parts.push(part);
      if (typeof part === 'string') expanded += part;
    }
  };
  let rest = 0;
  for (
    let next = nextReference(text, rest, scope);
    next !== undefined;
    next = nextReference(text, rest, scope)
  ) {
    append(text.slice(rest, next.start));
    rest = next.end;
    if ('literal' in next) {
      append(next.literal);
      continue;
    }
    const outcome = next.resolve();
    if ('failures' in outcome) failures.push(...outcome.failures);
    else {
      append(.../* guard: config/expanded-again */ (outcome.parts ?? [outcome.text]));
      secrets.push(...(outcome.secrets ?? []));
      isExpanded ||= outcome.fromEnvironment;
      // guard: config/secret-values
      values.push(...outcome.values);
    }
  }
  append(text.slice(rest));
  const holdsSecrets = parts.some((part) => typeof part !== 'string');
  return {
    text: expanded,
    values,
    isExpanded,
    failures,
    ...(secrets.length > 0 && { secrets }),
    ...(holdsSecrets && { parts }),
  };
}

interface Span {
  readonly start: number;
  readonly end: number;
}

type Reference = Span & ({ readonly literal: string } | { readonly resolve: () => Outcome });

type Outcome =
  | {
      readonly text: string;
      readonly fromEnvironment: boolean;
      readonly values: readonly InsertedValue[];
      readonly parts?: SecretText | undefined;
      readonly secrets?: readonly string[];
    }
  | { readonly failures: readonly string[] };

function nextReference(text: string, from: number, scope: VariableScope): Reference | undefined {
  const open = text.indexOf('${', from);
  const own = placeholderAt(text, from, scope);
  if (own !== undefined && (open === -1 || own.start <= open)) return own;
  if (open === -1) return undefined;
  if (text[open - 1] === '$' && open > from) return { start: open - 1, end: open + 2, literal: '${' };
  const close = text.indexOf('}', open);
  if (close === -1)
    return {
      start: open,
      end: text.length,
      resolve: () => failed('a "${" is not closed by "}"; write "$${" for a literal "${"'),
    };
  return { start: open, end: close + 1, resolve: () => resolve(text.slice(open + 2, close), scope) };
}

/** The first placeholder of the client at or after a place. */
function placeholderAt(text: string, from: number, scope: VariableScope): Reference | undefined {
  let first: (Span & { readonly meaning: PlaceholderMeaning }) | undefined;
  for (const { pattern, read } of scope.syntaxes ?? []) {
    const search = new RegExp(pattern.source, 'g');
    search.lastIndex = from;
    const match = search.exec(text);
    if (match === null || (first !== undefined && first.start <= match.index)) continue;
    first = { start: match.index, end: match.index + match[0].length, meaning: read(match) };
  }
  if (first === undefined) return undefined;
  const { meaning, start, end } = first;
  return {
    start,
    end,
    resolve: () =>
      'refusal' in meaning
        ? failed(meaning.refusal)
        : valueOf(meaning.variable, scope, '-', meaning.fallback),
  };
}

function resolve(reference: string, scope: VariableScope): Outcome {
  if (isSecretReference(reference) && !ENV_SCHEME.test(reference)) return secret(reference, scope);
  if (reference.startsWith('input:'))
    return failed(`${shown(reference)} asks a person; set a variable and write \${NAME} instead`);
  const match = VARIABLE.exec(reference.replace(ENV_SCHEME, ''));
  const name = match?.[1];
  const isSet =
    name !== undefined && (scope.own?.has(name) === true || variable(scope.env, name) !== undefined);
  const ofClient = isSet ? undefined : clientReference(reference, scope.folders, scope.env);
  if (ofClient !== undefined)
    return 'text' in ofClient
      ? { text: ofClient.text, fromEnvironment: false, values: [] }
      : failed(`${shown(reference)} ${ofClient.failure}`);
  // Not quoted: it may be a chunk of a literal credential.
  if (match === null || name === undefined)
    return failed(
      /* guard: config/quoted-reference */ 'a "${…}" is no reference; write ${NAME}, or "$${" for a literal "${"',
    );
  const [, , operator, operand = ''] = match;
  if (operand.includes('${') && !holdsCredential(name))
    return failed(`the default of \${${name}} holds another reference; only one level is read`);
  return valueOf(name, scope, operator, operator === undefined ? undefined : operand);
}

function valueOf(
  name: string,
  scope: VariableScope,
  operator: string | undefined,
  operand: string | undefined,
): Outcome {
  const { env, own } = scope;
  const value = variable(env, name);
  const definition = own?.get(name);
  if (own !== undefined && definition !== undefined) {
    // Not itself again: `TOKEN: "${TOKEN}"` hands a variable of Omni on.
    const others = new Map([...own].filter(([other]) => other !== name));
    const found = expandVariables(definition, { ...scope, own: others });
    const { failures, isExpanded: fromEnvironment, ...expanded } = found;
    return failures.length > 0 ? { failures } : { ...expanded, fromEnvironment };
  }
  // guard: config/foreign-variables
  if (scope.isForeign === true)
    return failed('a "${…}" means a variable of whoever runs Omni, which is looked up in files only');
  // Nobody calls a variable so, but many paste a token where its name belongs.
  const isUnset = value === undefined && (operator !== '-' || operand === undefined);
  if (isUnset && /* guard: config/pasted-credential */ holdsCredential(name))
    return failed(
      'a "${…}" holds what looks like a credential, which is not repeated here; put it into a variable and write ${NAME}',
    );
  if (value !== undefined && (value !== '' || operand === undefined))
    return { text: value, fromEnvironment: true, values: value === '' ? [] : [{ name, value }] };
  if (operator === '-' && operand !== undefined) return { text: operand, fromEnvironment: false, values: [] };
  if (operator === '?') return failed(`\${${name}} is not set${operand ? `: ${operand}` : ''}`);
  // The word "default" is no credential.
  const advice = isSecretName(name) ? 'set it' : `set it, or write \${${name}:-default}`;
  return failed(`\${${name}} is not set and has no default; ${advice}`);
}

function secret(text: string, scope: VariableScope): Outcome {
  const reference = parseSecretReference(text);
  if ('flaw' in reference) return failed(`a "\${…}" is no reference to a secret: it ${reference.flaw}`);
  const { scheme, name } = reference;
  // guard: config/foreign-secrets
  if (scope.isForeign === true && LOCAL_SCHEMES.has(scheme))
    return failed(`\${${scheme}:…} is looked up in files of whoever runs Omni only; use \${SECRET:…}`);
  if (scope.secrets === undefined)
    return failed(`${shown(text)} needs a provider of secrets, and there is none here; use \${NAME}`);
  const placed =
    scheme === 'FILE' && scope.file !== undefined ? { scheme, name: pathFrom(scope.file, name) } : reference;
  const { mode, read } = scope.secrets;
  if (mode === 'keep') return { text: '', fromEnvironment: true, values: [], parts: [placed] };
  const outcome = read(placed);
  if ('failure' in outcome) return failed(`${shown(text)}: ${outcome.failure}`);
  return { text: outcome.text, fromEnvironment: true, values: [], secrets: [outcome.text] };
}

function failed(...failures: readonly string[]): Outcome {
  return { failures };
}

/** A reference of a known scheme, as it may stand in a message. */
function shown(reference: string): string {
  const [, scheme = '', rest = ''] = /^([A-Za-z]+:)([^]*)$/.exec(reference) ?? [];
  if (holdsCredential(rest)) return `\${${scheme}***}`;
  return `\${${reference.length > 60 ? `${reference.slice(0, 59)}…` : reference}}`;
}
