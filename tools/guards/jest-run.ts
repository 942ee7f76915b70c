/**
 * Runs test files of the workspace, with all guards in place and then each with one taken away: one Jest, one
 * project per guard.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runCounted } from '../workspace/counted-process.mjs';
import preset from '../workspace/jest-preset.mjs';
import { isNightly } from './nightly.ts';
import type { PlacedGuard } from './placed-guards.ts';
import { BASELINE, type FileResult } from './verdict.ts';

const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];
const HERE = fileURLToPath(new URL('.', import.meta.url));

const LOOK_MS = 1_000;
/**
 * Without its guard a test that waits for ever is given up after so many times what it takes with it, so that
 * slow machines take longer.
 */
const PATIENCE = 10;
const LEAST_PATIENCE_MS = 3_000;

export interface GuardRunOptions {
  readonly root: string;
  readonly jobs: readonly Job[];
  /** How many test files run side by side. */
  readonly maxWorkers: number;
  /**
   * Without a guard a test may go round for ever: a run in which no file begins or ends for so long is cut,
   * and gone on with behind it.
   */
  readonly stallMs: number;
}

/** A test file that must notice that a guard is gone. */
export interface Job {
  readonly guard: PlacedGuard;
  readonly file: string;
}

/** A file to run, with one guard taken away or with all in place. */
interface Run {
  readonly project: string;
  readonly file: string;
  readonly guards: readonly PlacedGuard[];
  readonly isGuardGone: boolean;
  readonly testTimeoutMs: number | undefined;
}

/** @returns What became of each file, without those that did not end. */
export async function runWithoutGuards(options: GuardRunOptions): Promise<readonly FileResult[]> {
  const { root, jobs } = options;
  const files = [...new Set(jobs.map(({ file }) => file))];
  const baseline = await runAll(
    options,
    files.map((file) => ({
      project: BASELINE,
      file,
      guards: jobs.filter((job) => job.file === file).map(({ guard }) => guard),
      isGuardGone: false,
      testTimeoutMs: undefined,
    })),
  );
  const without = await runAll(
    options,
    jobs.flatMap(({ guard, file }): readonly Run[] => {
      const proven = baseline.find((result) => result.file === join(root, file));
      if (proven === undefined) return [];
      const testTimeoutMs = Math.max(
        LEAST_PATIENCE_MS,
        PATIENCE * Math.max(0, ...proven.tests.map(({ durationMs }) => durationMs)),
      );
      return [{ project: guard.name, file, guards: [guard], isGuardGone: true, testTimeoutMs }];
    }),
  );
  return [...baseline, ...without];
}

async function runAll(options: GuardRunOptions, runs: readonly Run[]): Promise<readonly FileResult[]> {
  const results: FileResult[] = [];
  const unended: Run[] = [];
  for (let left = runs; left.length > 0;) {
    const begun = await runOnce(options, left);
    results.push(...begun.flatMap(({ result }) => result ?? []));
    const begunAs = ({ file, project }: Run): Begun | undefined =>
      begun.find((one) => one.project === project && one.file === join(options.root, file));
    unended.push(...left.filter((run) => begunAs(run) !== undefined && begunAs(run)?.result === undefined));
    const next = left.filter((run) => begunAs(run) === undefined);
    if (next.length === left.length) break;
    left = next;
  }
  // Of those that were cut side by side one may have been all right.
  if (unended.length > 1)
    for (const run of unended)
      results.push(...(await runOnce(options, [run])).flatMap(({ result }) => result ?? []));
  return results;
}

/** A file that has begun, and its result when it has ended. */
interface Begun {
  readonly project: string;
  readonly file: string;
  readonly result: FileResult | undefined;
}

async function runOnce(
  { root, maxWorkers, stallMs }: GuardRunOptions,
  runs: readonly Run[],
): Promise<readonly Begun[]> {
  const folder = mkdtempSync(join(tmpdir(), 'omni-guards-'));
  const lines = join(folder, 'lines');
  writeFileSync(lines, '');
  const stall = new AbortController();
  const watch = setInterval(() => {
    if (Date.now() - statSync(lines).mtimeMs > stallMs) stall.abort();
  }, LOOK_MS);
  try {
    const config = {
      rootDir: root,
      projects: runs.map((run) => project(root, folder, lines, run)),
      reporters: [[join(HERE, 'guard-reporter.mjs'), { file: lines }]],
      maxWorkers,
      workerIdleMemoryLimit: '400MB',
    };
    const configFile = join(folder, 'jest.config.json');
    writeFileSync(configFile, JSON.stringify(config));
    const { FORCE_COLOR: _, ...rest } = process.env;
    const args = [...JEST, `--config=${configFile}`, ...(maxWorkers === 1 ? ['--runInBand'] : [])];
    await runCounted(process.execPath, args, {
      cwd: root,
      env: { ...rest, NO_COLOR: '1' },
      signal: stall.signal,
    });
    return begunIn(readFileSync(lines, 'utf8'));
  } finally {
    clearInterval(watch);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A line of the reporter or the environment: that a file has begun, which tests are meant, or its result. */
type Line = Pick<FileResult, 'project' | 'file'> & Partial<FileResult>;

function begunIn(written: string): readonly Begun[] {
  // What is written has this form; the last line may have been cut.
  const lines = written
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
  const files = new Map<string, Line>();
  for (const line of lines) {
    const key = `${line.project} ${line.file}`;
    files.set(key, { ...files.get(key), ...line });
  }
  return [...files.values()].map(({ project: name, file, tests, meant = {}, loadError }) => ({
    project: name,
    file,
    result: tests === undefined ? undefined : { project: name, file, tests, meant, loadError },
  }));
}

function project(
  root: string,
  folder: string,
  lines: string,
  { project: name, file, guards, isGuardGone, testTimeoutMs }: Run,
): object {
  const [pattern, [, swc] = []] = Object.entries(preset.transform)[0] ?? [];
  const removals = isGuardGone ? guards.flatMap((guard) => guard.removals) : [];
  const takeAway = `${pathToFileURL(join(HERE, 'guard-import.mjs')).href}?removals=${encodeURIComponent(JSON.stringify(removals))}`;
  const hasControls = isGuardGone && !isNightly(file);
  const places = Object.fromEntries(guards.map((guard) => [guard.name, guard.tests]));
  return {
    ...preset,
    rootDir: projectFolder(root, file),
    roots: [join(root, dirname(file))],
    testMatch: [join(root, file)],
    displayName: name,
    testEnvironment: join(HERE, 'guard-environment.mjs'),
    testEnvironmentOptions: {
      ...preset.testEnvironmentOptions,
      guarded: { root, project: name, lines, guards: places, hasControls, testTimeoutMs },
    },
    transform: { [pattern ?? '']: [join(HERE, 'guard-transform.mjs'), { root, removals, swc }] },
    setupFiles: [...preset.setupFiles, join(HERE, 'guard-setup.mjs')],
    globals: { omniImport: isGuardGone ? takeAway : '' },
    // One for all projects: what Jest makes of a file is kept under it.
    id: 'guards',
    // What was made without a guard must not be found by anybody else.
    cacheDirectory: join(folder, 'cache'),
  };
}

function projectFolder(root: string, file: string): string {
  let folder = dirname(join(root, file));
  while (!existsSync(join(folder, 'jest.config.mjs'))) folder = dirname(folder);
  return folder;
}
