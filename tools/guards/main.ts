/**
 * Takes each guard away, in memory, and runs the test that must notice.
 * Usage: npm run guards [-- options]
 *   --only <name,…>   guards whose names begin so; without it all
 *   --fast            only those whose tests start no processes, as `npm test` does
 *   --nightly         only those whose tests do, as `npm run nightly` does
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
import { isNightly, type Guard } from './guard.ts';
import { GUARDS } from './guards.ts';
import { runWithoutGuards } from './jest-run.ts';
import { guardsPage, PAGE_FILE } from './page.ts';
import { BASELINE, verdictOf, type FileResult, type Verdict } from './verdict.ts';
import { problemOf } from './without-guard.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MINUTE_MS = 60_000;
const FAST = { maxWorkers: 2, timeoutMs: 8 * MINUTE_MS, stallMs: MINUTE_MS };
/** One after another: the processes that such tests start have deadlines of their own. */
const NIGHTLY = { maxWorkers: 1, timeoutMs: 30 * MINUTE_MS, stallMs: 3 * MINUTE_MS };

const OPTIONS = {
  only: { type: 'string' },
  fast: { type: 'boolean' },
  nightly: { type: 'boolean' },
  list: { type: 'boolean' },
  json: { type: 'boolean' },
  write: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

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
  const chosen = choose(values.only?.split(',') ?? [''], { fast: values.fast === true, nightly: values.nightly === true });
  if (chosen.length === 0) {
    console.error('No guard has such a name; --list shows them all.');
    return 64;
  }
  if (values.list === true) {
    const width = Math.max(...chosen.map(({ name }) => name.length));
    for (const { name, against } of chosen) console.log(`${name.padEnd(width)}  ${against}`);
    return 0;
  }
  const verdicts = await judge(chosen);
  if (values.json === true) console.log(JSON.stringify(verdicts.map(asJson), undefined, 2));
  else printTable(verdicts);
  const failed = verdicts.filter(({ defect }) => defect !== undefined).length;
  console.log(countsLine({ passed: verdicts.length - failed, failed, skipped: 0 }));
  return failed === 0 ? 0 : 1;
}

function choose(beginnings: readonly string[], { fast, nightly }: { readonly fast: boolean; readonly nightly: boolean }): readonly Guard[] {
  return GUARDS.filter(
    (guard) => beginnings.some((beginning) => guard.name.startsWith(beginning)) && (fast === nightly || isNightly(guard) === nightly),
  );
}

async function judge(guards: readonly Guard[]): Promise<readonly Verdict[]> {
  const problems = new Map(guards.map((guard) => [guard, problemOf(ROOT, guard)]));
  const sound = guards.filter((guard) => problems.get(guard) === undefined);
  const results: readonly FileResult[] = [
    ...(await runWithoutGuards({ root: ROOT, guards: sound.filter((guard) => !isNightly(guard)), ...FAST })),
    ...(await runWithoutGuards({ root: ROOT, guards: sound.filter(isNightly), ...NIGHTLY })),
  ];
  return guards.map((guard) => {
    const problem = problems.get(guard);
    if (problem !== undefined) return { guard, defect: problem, noticedBy: [] };
    const resultOf = (project: string): FileResult | undefined =>
      results.find((result) => result.project === project && result.file === join(ROOT, guard.test.file));
    return verdictOf(guard, resultOf(BASELINE), resultOf(guard.name));
  });
}

function printTable(verdicts: readonly Verdict[]): void {
  const width = Math.max(...verdicts.map(({ guard }) => guard.name.length));
  for (const { guard, defect, noticedBy } of verdicts) {
    console.log(
      `${defect === undefined ? 'ok    ' : 'DEFECT'}  ${guard.name.padEnd(width)}  ${defect ?? `noticed by ${noticedBy.length}`}`,
    );
    if (defect !== undefined) console.log(`        ${guard.file}\n        ${guard.test.file}: ${guard.test.title}`);
  }
}

function asJson({ guard, defect, noticedBy }: Verdict): object {
  return { name: guard.name, file: guard.file, test: guard.test, isProven: defect === undefined, defect, noticedBy };
}

/** The comment at the top of this file. */
function usage(): string {
  const [, comment = ''] = /^\/\*\*\n([^]*?)\n \*\//.exec(readFileSync(fileURLToPath(import.meta.url), 'utf8')) ?? [];
  return comment.replaceAll(/^ \* ?/gm, '');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = await main(process.argv.slice(2));
