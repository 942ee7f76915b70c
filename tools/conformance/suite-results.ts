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

/** How one check ended: the worst of its occurrences in a scenario. Checks that only inform are left out. */
export type Verdict = 'SUCCESS' | 'WARNING' | 'FAILURE';

/** Verdict of each check, by `<id> <name>`: one id may stand for several things. */
export type Verdicts = Readonly<Record<string, Verdict>>;

/** What one run of the suite gave. */
export interface SuiteResult {
  readonly requirements: Revision;
  readonly scored: Tally;
  readonly unscored: Tally;
  /** Scenarios with a warning: the suite lets servers pass, but a SHOULD of the specification is not met. */
  readonly warned: readonly string[];
  /** Single checks over all scenarios. */
  readonly checks: { readonly passed: number; readonly failed: number; readonly warnings: number };
  /** By scenario. */
  readonly verdicts: Readonly<Record<string, Verdicts>>;
}

interface Check {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

const SEVERITY: readonly Verdict[] = ['SUCCESS', 'WARNING', 'FAILURE'];

/**
 * Reads what the suite left in its output folder (`<scenario>-<time>/checks.json`, with `server-` before it
 * for servers) and holds it against the list. A scenario of the list that left no file counts as failed: the
 * suite writes none for a scenario that crashed.
 *
 * @param refused - Scenarios that the suite failed for another reason than a check, such as a client that
 * ended with an error.
 */
export async function readSuiteResults(
  folder: string,
  set: RequirementSet,
  refused: ReadonlySet<string> = new Set(),
): Promise<SuiteResult> {
  const scenarios = new Map<string, readonly Check[]>();
  for (const name of await readdir(folder)) {
    const scenario = scenarioOf(name, set);
    if (scenario !== undefined) scenarios.set(scenario, await readChecks(join(folder, name, 'checks.json')));
  }
  const all = [...set.scored, ...set.unscored];
  const statuses = all.flatMap((scenario) => statusesOf(scenarios.get(scenario)));
  const tallyOf = (names: readonly string[]): Tally => tally(names, scenarios, refused);
  return {
    requirements: set.revision,
    scored: tallyOf(set.scored),
    unscored: tallyOf(set.unscored),
    warned: all.filter((scenario) => statusesOf(scenarios.get(scenario)).includes('WARNING')),
    checks: {
      passed: count(statuses, 'SUCCESS'),
      failed: count(statuses, 'FAILURE'),
      warnings: count(statuses, 'WARNING'),
    },
    verdicts: Object.fromEntries(
      all.map((scenario) => [scenario, verdictsOf(scenarios.get(scenario) ?? [])]),
    ),
  };
}

function scenarioOf(folderName: string, { side }: RequirementSet): string | undefined {
  const name = /^(.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z$/.exec(folderName)?.[1];
  if (side === 'client') return name;
  return name?.startsWith('server-') === true ? name.slice('server-'.length) : undefined;
}

async function readChecks(file: string): Promise<readonly Check[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]';
    throw error;
  });
  const checks: unknown = JSON.parse(text);
  if (!Array.isArray(checks))
    throw new Error(`${file} is not a list of checks: the output format of the suite has changed`);
  return checks.map(({ id, name, status }: Partial<Record<keyof Check, unknown>>) => ({
    id: String(id),
    name: String(name),
    status: String(status),
  }));
}

function verdictsOf(checks: readonly Check[]): Verdicts {
  const verdicts: Record<string, Verdict> = {};
  for (const { id, name, status } of checks) {
    const key = `${id} ${name}`;
    const verdict = SEVERITY.find((known) => known === status);
    const before = verdicts[key];
    if (
      verdict !== undefined &&
      (before === undefined || SEVERITY.indexOf(verdict) > SEVERITY.indexOf(before))
    )
      verdicts[key] = verdict;
  }
  return verdicts;
}

function tally(
  names: readonly string[],
  scenarios: ReadonlyMap<string, readonly Check[]>,
  refused: ReadonlySet<string>,
): Tally {
  const failed = names.filter((name) => {
    const statuses = statusesOf(scenarios.get(name));
    return statuses.length === 0 || statuses.includes('FAILURE') || refused.has(name);
  });
  return { passed: names.length - failed.length, total: names.length, failed };
}

function statusesOf(checks: readonly Check[] = []): readonly string[] {
  return checks.map(({ status }) => status);
}

function count(statuses: readonly string[], wanted: string): number {
  return statuses.filter((status) => status === wanted).length;
}
