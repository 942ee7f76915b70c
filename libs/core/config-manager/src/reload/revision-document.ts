import { secretsIn, withoutSecrets } from '@omni/ports';
import { ProblemList } from '../checks/config-problem.ts';
import type { Configuration } from '../configuration.ts';
import type { ConfigSource } from '../document/config-source.ts';
import { plainValue } from '../document/located-value.ts';
import { readDocument } from '../document/read-document.ts';
import { hasReference } from '../document/variables.ts';

/** A source, as it is kept. */
export interface RevisionSource {
  /** Absolute. */
  readonly place: string;
  readonly role: ConfigSource['role'];
  readonly text: string;
}

/** The sources of a configuration, without secret values. */
export interface RevisionDocument {
  readonly sources: readonly RevisionSource[];
  /** Whether nothing was taken out. */
  readonly isWhole: boolean;
}

/**
 * What can be kept of a configuration for good.
 *
 * @param configuration - Made of these sources: says which values are secret.
 * @returns `undefined` where a secret is written in a way that cannot be told from the rest of its source.
 */
export function revisionDocument(
  sources: readonly ConfigSource[],
  configuration: Configuration,
): RevisionDocument | undefined {
  const written = sources.map(valueOf);
  // guard: reload/unread-source
  if (written.includes(undefined)) return undefined;
  // What another layer replaces, or a mistake takes out, is in force nowhere and secret all the same.
  const secrets = [...secretValues(configuration), ...written.flatMap((value) => secretsWritten('', value))];
  let isWhole = true;
  const kept: RevisionSource[] = [];
  for (const source of sources) {
    const { path, place = path, role, text } = source;
    const redacted = withoutSecrets(text, secrets);
    // guard: reload/escaped-secret
    if (holdsAny({ ...source, text: redacted }, secrets)) return undefined;
    isWhole &&= redacted === text;
    kept.push({ place, role, text: redacted });
  }
  return { sources: kept, isWhole };
}

function secretValues({ upstreams, auth, sealing }: Configuration): readonly string[] {
  return [
    ...upstreams.flatMap(({ secretValues: values }) => values),
    ...[auth.token, ...auth.tokens.map(({ token }) => token)].flatMap((token) => token ?? []),
    ...sealing.keys.flatMap(textsOf),
  ];
}

/** As a key may be written. */
function textsOf(key: Uint8Array<ArrayBuffer>): readonly string[] {
  const base64 = btoa(String.fromCharCode(...key));
  const url = base64.replaceAll('+', '-').replaceAll('/', '_');
  return [base64, url, base64.replaceAll('=', ''), url.replaceAll('=', '')];
}

/** @returns `undefined` where it could not be read, and nobody knows what is secret in it. */
function valueOf(source: ConfigSource): unknown {
  if (source.flaw !== undefined) return undefined;
  const problems = new ProblemList();
  const document = readDocument(source, problems);
  return document === undefined || problems.list().length > 0 ? undefined : plainValue(document.root);
}

/** @param name - Of the setting. */
function secretsWritten(name: string, value: unknown): readonly string[] {
  if (typeof value === 'string') return hasReference(value) ? [] : secretsIn(name, value);
  if (typeof value !== 'object' || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, member]) => secretsWritten(isList ? name : key, member));
}

/** Escapes of a notation hide a value from whoever looks at the text alone. */
function holdsAny(source: ConfigSource, secrets: readonly string[]): boolean {
  return textsIn(valueOf(source)).some((value) => isOneOf(value, secrets));
}

function isOneOf(value: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => secret !== '' && value.includes(secret));
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [key, ...textsIn(member)]);
}
