/**
 * Takes each guard away, in memory, and runs the test that must notice.
 * Usage: npm run guards [-- options]
 *   --only <name,…>   guards whose names begin so; without it all
 *   --changed         only those whose files differ from the main branch, as `npm test` does
 *   --fast            only those whose tests start no processes
 *   --nightly         only those whose tests do
 *   --list            prints the guards and runs nothing
 *   --json            prints the outcome as JSON
 *   --write           writes docs/guards.md and runs nothing
 *   --help
 * The last line is `N passed, N failed, N skipped`: one for each guard.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { countsLine } from '../workspace/counts.mjs';
import { changedFiles } from './changed-files.ts';
import { GUARDS } from './guards.ts';
import { runWithoutGuards, type Job } from './jest-run.ts';
import { isNightly, testFilesOf } from './nightly.ts';
import { guardsPage, PAGE_FILE } from './page.ts';
import { placeGuards, type PlacedGuard } from './placed-guards.ts';
import { BASELINE, verdictOf, type FileResult, type Verdict } from './verdict.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MINUTE_MS = 60_000;
const FAST = { maxWorkers: 2, stallMs: 3 * MINUTE_MS };
/** One after another: the processes that such tests start have deadlines of their own. */
const NIGHTLY = { maxWorkers: 1, stallMs: 6 * MINUTE_MS };

const OPTIONS = {
  only: { type: 'string' },
  changed: { type: 'boolean' },
  fast: { type: 'boolean' },
  nightly: { type: 'boolean' },
  list: { type: 'boolean' },
  json: { type: 'boolean' },
  write: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** @returns Exit code: 1 when a guard is not proven, 64 for arguments that make no sense. */
async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS });
  if (values.help === true) {
    console.log(usage());
    return 0;
  }
  if (values.write === true) {
    writeFileSync(join(ROOT, PAGE_FILE), guardsPage(GUARDS));
    return 0;
  }
  const { guards, problems } = placeGuards(ROOT, GUARDS);
  const beginnings = values.only?.split(',') ?? [''];
  const isNamed = (name: string): boolean => beginnings.some((beginning) => name.startsWith(beginning));
  const jobs = jobsOf(
    guards.filter(({ name }) => isNamed(name)),
    values,
  );
  const misplaced = [...problems].filter(([name]) => isNamed(name));
  if (values.list === true) {
    list(new Set(jobs.map(({ guard }) => guard)));
    return 0;
  }
  if (jobs.length === 0 && misplaced.length === 0 && values.changed !== true) {
    console.error('No guard has such a name; --list shows them all.');
    return 64;
  }
  const verdicts = [
    ...misplaced.map(([guard, defect]): Verdict => ({ guard, file: '', defect, noticedBy: [] })),
    ...(await judge(
      jobs.filter(({ file }) => !isNightly(file)),
      FAST,
    )),
    ...(await judge(
      jobs.filter(({ file }) => isNightly(file)),
      NIGHTLY,
    )),
  ];
  if (values.json === true) console.log(JSON.stringify(verdicts, undefined, 2));
  else printTable(verdicts);
  const failed = verdicts.filter(({ defect }) => defect !== undefined).length;
  console.log(countsLine({ passed: verdicts.length - failed, failed, skipped: 0 }));
  return failed === 0 ? 0 : 1;
}

function jobsOf(guards: readonly PlacedGuard[], { changed, fast, nightly }: Values): readonly Job[] {
  const files = changed === true ? changedFiles(ROOT) : undefined;
  if (changed === true && files === undefined)
    console.log('There is no main branch to compare with: all guards are taken away.');
  const isWanted = ({ guard, file }: Job): boolean =>
    files === undefined ||
    files.has(file) ||
    [...guard.removals, ...guard.tests].some((place) => files.has(place.file));
  const jobs = guards
    .flatMap((guard) => testFilesOf(guard).map((file) => ({ guard, file })))
    .filter(({ file }) => fast === nightly || isNightly(file) === (nightly === true))
    .filter(isWanted);
  if (files !== undefined)
    console.log(`${jobs.length} of ${guards.length} guards stand in files that differ from the main branch.`);
  return jobs;
}

async function judge(jobs: readonly Job[], how: typeof FAST): Promise<readonly Verdict[]> {
  const results = jobs.length === 0 ? [] : await runWithoutGuards({ root: ROOT, jobs, ...how });
  return jobs.map(({ guard, file }) => {
    const resultOf = (project: string): FileResult | undefined =>
      results.find((result) => result.project === project && result.file === join(ROOT, file));
    return verdictOf(guard, file, resultOf(BASELINE), resultOf(guard.name));
  });
}

function list(guards: ReadonlySet<PlacedGuard>): void {
  const width = Math.max(0, ...[...guards].map(({ name }) => name.length));
  for (const { name, against } of guards) console.log(`${name.padEnd(width)}  ${against}`);
}

function printTable(verdicts: readonly Verdict[]): void {
  const width = Math.max(0, ...verdicts.map(({ guard }) => guard.length));
  for (const { guard, file, defect, noticedBy } of verdicts) {
    console.log(
      `${defect === undefined ? 'ok    ' : 'DEFECT'}  ${guard.padEnd(width)}  ${defect ?? `noticed by ${noticedBy.length}`}`,
    );
    if (defect !== undefined && file !== '') console.log(`        ${file}`);
  }
}

/** The comment at the top of this file. */
function usage(): string {
  const [, comment = ''] =
    /^\/\*\*\n([^]*?)\n \*\//.exec(readFileSync(fileURLToPath(import.meta.url), 'utf8')) ?? [];
  return comment.replaceAll(/^ \* ?/gm, '');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = await main(process.argv.slice(2));
