/** Whom a reference asks: the default chain, or one provider. */
export type SecretScheme = 'SECRET' | 'VAULT' | 'KEYCHAIN' | 'ENV' | 'FILE' | 'EXEC';

/** What stands in `${…}` for a secret (S002-SE-01). */
export interface SecretReference {
  readonly scheme: SecretScheme;
  /** What the provider is asked for, e.g. `db/password`. */
  readonly name: string;
  /** Of `VAULT`: which value of the record. */
  readonly field?: string;
}

/** Text with secrets in it: what stands between them, and who they are. */
export type SecretText = readonly (string | SecretReference)[];

/** Headers and variables of an upstream that hold secrets, by name: whoever has the values fills them in. */
export interface UpstreamSecrets {
  readonly headers: Readonly<Record<string, SecretText>>;
  readonly environment: Readonly<Record<string, SecretText>>;
}

const SCHEME = /^(SECRET|VAULT|KEYCHAIN|ENV|FILE|EXEC):(?![-?])/;
const MAX_LENGTH = 1_024;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** No leading `/`, no `.` or `..`: a path within a store of secrets. */
const PATH = /^(?!\.{1,2}(?:\/|$))[^/\s#?%]+(?:\/(?!\.{1,2}(?:\/|$))[^/\s#?%]+)*$/;

/** Whether a text between `${` and `}` means a secret of some provider. */
export function isSecretReference(text: string): boolean {
  return SCHEME.test(text);
}

/**
 * Reads what stands between `${` and `}`.
 *
 * @returns What is wrong as `flaw`, free of what was written: that may be a pasted credential.
 */
export function parseSecretReference(text: string): SecretReference | { readonly flaw: string } {
  // The pattern has these alone.
  const scheme = SCHEME.exec(text)?.[1] as SecretScheme | undefined;
  if (scheme === undefined) return { flaw: 'names no provider of secrets' };
  const rest = text.slice(scheme.length + 1).trim();
  if (rest === '') return { flaw: `\${${scheme}:…} names no secret` };
  if (rest.length > MAX_LENGTH) return { flaw: `\${${scheme}:…} is longer than 1,024 characters` };
  if (/[\0-\x1f\x7f]/.test(rest)) return { flaw: `\${${scheme}:…} holds a control character` };
  if (scheme === 'FILE' || scheme === 'EXEC') return { scheme, name: rest };
  if (scheme === 'ENV')
    return VARIABLE.test(rest) ? { scheme, name: rest } : { flaw: '${ENV:…} names no variable' };
  const at = scheme === 'VAULT' ? rest.indexOf('#') : -1;
  const name = at === -1 ? rest : rest.slice(0, at);
  const field = at === -1 ? undefined : rest.slice(at + 1);
  if (!PATH.test(name))
    return { flaw: `\${${scheme}:…} is not made of names with "/" between them, such as "db/password"` };
  if (field === undefined) return { scheme, name };
  if (field === '' || /[\s#]/.test(field)) return { flaw: '${VAULT:…} names no field behind "#"' };
  return { scheme, name, field };
}

/**
 * What people are told of a reference, clients too: words that nothing takes for a password, as it would
 * `SECRET:name`, and of a command line the program alone.
 */
export function shownReference(reference: SecretReference): string {
  const { scheme, name } = reference;
  // guard: secrets/shown-command
  if (scheme === 'EXEC') return `\${EXEC:${name.split(/\s/, 1).join('')} …}`;
  return scheme === 'SECRET' ? `the secret "${name}"` : `\${${secretReferenceText(reference)}}`;
}

/** As it is written, without `${` and `}`: the identity of a reference. */
export function secretReferenceText({ scheme, name, field }: SecretReference): string {
  return field === undefined ? `${scheme}:${name}` : `${scheme}:${name}#${field}`;
}
