/** What was found of one package in one world. */
export interface Row {
  /** A package, or a document's file. */
  readonly of: string;
  /** `Node 22.21.0`; `any` for what does not depend on it. */
  readonly where: string;
  readonly what: What;
  readonly outcome: 'ok' | 'failed' | 'skipped';
  /** Why it failed or was skipped, for a person who has to mend it. */
  readonly detail?: string;
}

/** In the order in which a table shows them. */
export const WHATS = [
  'manifest',
  'tarball',
  'same bytes',
  'install',
  'no scripts',
  'import',
  'types',
  'example',
  'publish',
  'sbom',
  'advisories',
] as const;

export type What = (typeof WHATS)[number];

/** A row that failed when there is something to complain of. */
export function rowOf(of: string, where: string, what: What, complaints: readonly string[]): Row {
  return complaints.length === 0
    ? { of, where, what, outcome: 'ok' }
    : { of, where, what, outcome: 'failed', detail: complaints.join('\n') };
}
