import { withoutSecrets } from '@omni/ports';
import { ProblemList } from '../checks/config-problem.ts';
import type { Configuration } from '../configuration.ts';
import type { ConfigSource } from '../document/config-source.ts';
import { plainValue } from '../document/located-value.ts';
import { readDocument } from '../document/read-document.ts';

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
  const secrets = secretValues(configuration);
  let isWhole = true;
  const kept: RevisionSource[] = [];
  for (const { path, place = path, role, text } of sources) {
    const redacted = withoutSecrets(text, secrets);
    // guard: reload/escaped-secret
    if (holdsAny(path, redacted, secrets)) return undefined;
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

/** Escapes of a notation hide a value from whoever looks at the text alone. */
function holdsAny(path: string, text: string, secrets: readonly string[]): boolean {
  const document = readDocument({ path, text, role: 'base' }, new ProblemList());
  return (
    document !== undefined && textsIn(plainValue(document.root)).some((value) => isOneOf(value, secrets))
  );
}

function isOneOf(value: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => secret !== '' && value.includes(secret));
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [key, ...textsIn(member)]);
}
