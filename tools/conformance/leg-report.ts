import type { Judgement } from './judgement.ts';
import type { LegResult } from './leg-result.ts';
import type { Tally } from './suite-results.ts';

const HEADINGS = ['leg', 'revision', 'scored', 'unscored', 'checks', 'warned', 'seconds'];

/** One row for each leg, columns aligned. */
export function formatTable(legs: readonly LegResult[]): string {
  const rows = [HEADINGS, ...legs.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}

/** What is said of a leg as soon as it is over: one line, and one more for each complaint. */
export function formatProgress(leg: LegResult, { counted, passed, complaints }: Judgement): string {
  const head = `${leg.revision} ${leg.name}: ${passed}/${counted} (${leg.seconds.toFixed(1)} s)`;
  return [head, ...complaints.map((complaint) => `  ${complaint}`)].join('\n');
}

function cells({ name, revision, scoredTotal, suite, seconds }: LegResult): string[] {
  const told = seconds.toFixed(1);
  if (suite === undefined) return [name, revision, `0/${scoredTotal}`, '-', '-', '-', told];
  const { passed, failed } = suite.checks;
  return [
    name,
    revision,
    share(suite.scored),
    share(suite.unscored),
    `${passed} ok, ${failed} bad`,
    String(suite.warned.length),
    told,
  ];
}

function share({ passed, total }: Tally): string {
  return `${passed}/${total}`;
}
