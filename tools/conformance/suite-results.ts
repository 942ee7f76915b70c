import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RequirementSet, Revision } from './requirement-set.ts';

/** How a group of scenarios went. A scenario passes when it ran and none of its checks failed. */
export interface Tally {
  readonly passed: number;
  readonly total: number;
  /** Names of those that failed, did not run, or checked nothing. */
  readonly failed: readonly string[];
}

/** What one run of the suite against one server gave. */
export interface SuiteResult {
  readonly requirements: Revision;
  readonly scored: Tally;
  readonly unscored: Tally;
  /** Scenarios with a warning: the suite lets them pass, but a SHOULD of the specification is not met. */
  readonly warned: readonly string[];
  /** Single checks over all scenarios. */
  readonly checks: { readonly passed: number; readonly failed: number; readonly warnings: number };
}

type Statuses = readonly string[];

/**
 * Reads what the suite left in its output folder (`server-<scenario>-<time>/checks.json`) and holds it against the list.
 * A scenario of the list that left no file counts as failed: the suite writes none for a scenario that crashed.
 */
export async function readSuiteResults(folder: string, set: RequirementSet): Promise<SuiteResult> {
  const scenarios = new Map<string, Statuses>();
  for (const name of await readdir(folder)) {
    const scenario = /^server-(.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z$/.exec(name)?.[1];
    if (scenario !== undefined) scenarios.set(scenario, await readStatuses(join(folder, name, 'checks.json')));
  }
  const all = [...set.scored, ...set.unscored];
  const statuses = all.flatMap((scenario) => scenarios.get(scenario) ?? []);
  return {
    requirements: set.revision,
    scored: tally(set.scored, scenarios),
    unscored: tally(set.unscored, scenarios),
    warned: all.filter((scenario) => scenarios.get(scenario)?.includes('WARNING')),
    checks: { passed: count(statuses, 'SUCCESS'), failed: count(statuses, 'FAILURE'), warnings: count(statuses, 'WARNING') },
  };
}

async function readStatuses(file: string): Promise<Statuses> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]';
    throw error;
  });
  const checks: unknown = JSON.parse(text);
  if (!Array.isArray(checks)) throw new Error(`${file} is not a list of checks: the output format of the suite has changed`);
  return checks.map((check: { readonly status?: unknown }) => String(check.status));
}

function tally(names: readonly string[], scenarios: ReadonlyMap<string, Statuses>): Tally {
  const failed = names.filter((name) => {
    const statuses = scenarios.get(name) ?? [];
    return statuses.length === 0 || statuses.includes('FAILURE');
  });
  return { passed: names.length - failed.length, total: names.length, failed };
}

function count(statuses: Statuses, wanted: string): number {
  return statuses.filter((status) => status === wanted).length;
}
