import { holdsCredential } from '@omni/ports';

/** Variables of the environment, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

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
  /** Why references could not be replaced. Names references, never values, and no name that looks like a credential. */
  readonly failures: readonly string[];
}

const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?::([-?])([^]*))?$/;
const ENV_SCHEME = /^(?:ENV|env):(?![-?])/;
const LATER_SCHEME = /^(?:SECRET|VAULT|KEYCHAIN|FILE):(?![-?])/;

/** Whether a text holds a reference or an escaped one. */
export function hasReference(text: string): boolean {
  return text.includes('${');
}

/** Value of a variable of the environment; `undefined` when it is not set. */
export function variable(env: Environment, name: string): string | undefined {
  return /* guard: config/prototype */ Object.hasOwn(env, name) ? env[name] : undefined;
}

/**
 * Replaces `${VAR}`, `${VAR:-default}`, `${VAR:?message}`, `${ENV:VAR}` and `${env:VAR}` by values of the environment.
 *
 * `$${` stands for `${`; `$VAR` is ordinary text. Values are inserted as they are: a `${…}` inside one is not looked at.
 * With `:-` and `:?` an empty variable counts as unset, as in a POSIX shell (XCU 2.6.2).
 */
export function expandVariables(text: string, env: Environment): Expansion {
  const values: InsertedValue[] = [];
  const failures: string[] = [];
  let expanded = '';
  let rest = 0;
  for (let open = text.indexOf('${'); open !== -1; open = text.indexOf('${', rest)) {
    if (text[open - 1] === '$' && open > rest) {
      expanded += `${text.slice(rest, open - 1)}\${`;
      rest = open + 2;
      continue;
    }
    const close = text.indexOf('}', open);
    if (close === -1) {
      failures.push('a "${" is not closed by "}"; write "$${" for a literal "${"');
      break;
    }
    const outcome = resolve(text.slice(open + 2, close), env);
    if ('failure' in outcome) failures.push(outcome.failure);
    else {
      expanded += text.slice(rest, open) + /* guard: config/expanded-again */ outcome.text;
      // guard: config/secret-values
      if (outcome.name !== undefined && outcome.text !== '')
        values.push({ name: outcome.name, value: outcome.text });
    }
    rest = close + 1;
  }
  return { text: expanded + text.slice(rest), values, failures };
}

/** `name` is that of the variable that the text comes from; a default has none. */
type Outcome = { readonly text: string; readonly name?: string } | { readonly failure: string };

function resolve(reference: string, env: Environment): Outcome {
  if (LATER_SCHEME.test(reference))
    return { failure: `${shown(reference)} is not available yet in this version; use \${NAME}` };
  if (reference.startsWith('input:'))
    return { failure: `${shown(reference)} asks a person; set a variable and write \${NAME} instead` };
  const match = VARIABLE.exec(reference.replace(ENV_SCHEME, ''));
  // Not quoted: it may be a chunk of a literal credential.
  if (!match)
    return {
      failure:
        /* guard: config/quoted-reference */ 'a "${…}" is no reference; write ${NAME}, or "$${" for a literal "${"',
    };
  const [, name = '', operator, operand = ''] = match;
  const value = variable(env, name);
  // Nobody calls a variable so, but many paste a token where its name belongs.
  if (value === undefined && operator !== '-' && /* guard: config/pasted-credential */ holdsCredential(name))
    return {
      failure:
        'a "${…}" holds what looks like a credential, which is not repeated here; put it into a variable and write ${NAME}',
    };
  if (operand.includes('${'))
    return { failure: `the default of \${${name}} holds another reference; only one level is read` };
  if (value !== undefined && (value !== '' || operator === undefined)) return { text: value, name };
  if (operator === '-') return { text: operand };
  if (operator === '?') return { failure: `\${${name}} is not set${operand === '' ? '' : `: ${operand}`}` };
  return { failure: `\${${name}} is not set and has no default; set it, or write \${${name}:-default}` };
}

/** A reference of a known scheme, as it may stand in a message. */
function shown(reference: string): string {
  const [, scheme = '', rest = ''] = /^([A-Za-z]+:)([^]*)$/.exec(reference) ?? [];
  if (holdsCredential(rest)) return `\${${scheme}***}`;
  return `\${${reference.length > 60 ? `${reference.slice(0, 59)}…` : reference}}`;
}
