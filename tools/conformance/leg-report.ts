import type { Revision } from './requirement-set.ts';
import type { SuiteResult, Tally } from './suite-results.ts';

/** One run of the suite, direct or through Omni. */
export interface LegResult {
  /** `direct`, or upstream transport and path. */
  readonly name: string;
  readonly revision: Revision;
  /** How many scenarios decide, also when the leg could not run. */
  readonly scoredTotal: number;
  /** Absent when the leg could not run. */
  readonly suite: SuiteResult | undefined;
  /** Why it could not run. */
  readonly problem: string | undefined;
  readonly seconds: number;
}

const HEADINGS = ['leg', 'revision', 'scored', 'unscored', 'checks', 'warned', 'seconds'];

/** One row for each leg, columns aligned, then one line for each leg that has something to say. */
export function formatTable(legs: readonly LegResult[]): string {
  const rows = [HEADINGS, ...legs.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...table, ...legs.flatMap(remarks)].join('\n');
}

function cells({ name, revision, scoredTotal, suite, seconds }: LegResult): string[] {
  const told = seconds.toFixed(1);
  if (suite === undefined) return [name, revision, `0/${scoredTotal}`, '-', '-', '-', told];
  const { passed, failed } = suite.checks;
  return [name, revision, share(suite.scored), share(suite.unscored), `${passed} ok, ${failed} bad`, String(suite.warned.length), told];
}

function remarks({ name, revision, suite, problem }: LegResult): string[] {
  if (suite === undefined) return [`${name} ${revision}: could not run: ${problem ?? 'no reason given'}`];
  return suite.scored.failed.length === 0 ? [] : [`${name} ${revision}: failed: ${suite.scored.failed.join(', ')}`];
}

function share({ passed, total }: Tally): string {
  return `${passed}/${total}`;
}

/**
 * What went worse through Omni than without it, beyond the scored failures that the table already names:
 * unscored scenarios that fail, and scenarios that warn, only behind Omni.
 */
export function worseThanDirect(leg: LegResult, direct: LegResult | undefined): string[] {
  if (leg.suite === undefined || direct?.suite === undefined) return [];
  const unscored = without(leg.suite.unscored.failed, direct.suite.unscored.failed);
  const warned = without(leg.suite.warned, direct.suite.warned);
  return [
    ...(unscored.length === 0 ? [] : [`unscored scenarios that pass only without Omni: ${unscored.join(', ')}`]),
    ...(warned.length === 0 ? [] : [`scenarios that warn only behind Omni: ${warned.join(', ')}`]),
  ];
}

function without(names: readonly string[], known: readonly string[]): string[] {
  return names.filter((name) => !known.includes(name));
}
