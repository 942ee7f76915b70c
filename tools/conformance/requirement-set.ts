import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** A revision of the specification for which the suite has a frozen list of scenarios. */
export type Revision = '2025-11-25' | '2026-07-28';

/** Both revisions, oldest first. */
export const REVISIONS: readonly Revision[] = ['2025-11-25', '2026-07-28'];

/** What is tested: a server, or a client. */
export type Side = 'server' | 'client';

/** Names of the scenarios that the suite runs against a server, or against a client, for one revision. */
export interface RequirementSet {
  readonly revision: Revision;
  readonly side: Side;
  /** These decide about conformance. */
  readonly scored: readonly string[];
  /** These run and are reported, but decide nothing: extensions, scenarios added later, pending ones. */
  readonly unscored: readonly string[];
}

/** Folder of the installed suite. */
export const SUITE_FOLDER = new URL('../../node_modules/@modelcontextprotocol/conformance/', import.meta.url);

/** Scenarios of a client that gets tokens from an authorization server. */
const AUTHORIZATION = 'auth/';

/** Whether the suite has a list for this name. */
export function isRevision(name: string | undefined): name is Revision {
  return REVISIONS.some((revision) => revision === name);
}

/**
 * Reads the list of one revision from the installed suite, so that an upgrade of the suite cannot leave us
 * behind. The authorization scenarios are left out.
 */
export async function loadRequirementSet(revision: Revision, side: Side = 'server'): Promise<RequirementSet> {
  const text = await readFile(new URL(`requirements/${revision}.yaml`, SUITE_FOLDER), 'utf8');
  const list: unknown = parse(text);
  const isOurs = (name: unknown): name is string =>
    typeof name === 'string' && !name.startsWith(AUTHORIZATION);
  const scored = property(list, side).filter(isOurs);
  const unscored = property(list, 'not_scored').flatMap((entry) => {
    const { scenario, leg } = isObject(entry) ? entry : {};
    return leg === side && isOurs(scenario) ? [scenario] : [];
  });
  if (scored.length === 0)
    throw new Error(`the suite lists no ${side} scenarios for ${revision}: its file format has changed`);
  return { revision, side, scored, unscored };
}

/** The same list without some scenarios. */
export function leaveOut(set: RequirementSet, without: readonly string[]): RequirementSet {
  const isWanted = (name: string): boolean => !without.includes(name);
  return { ...set, scored: set.scored.filter(isWanted), unscored: set.unscored.filter(isWanted) };
}

function property(value: unknown, name: string): unknown[] {
  const found = isObject(value) ? value[name] : undefined;
  return Array.isArray(found) ? found : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
