/** Runs test files of the workspace, each with one guard taken away: one Jest, one project per guard. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runCounted } from '../workspace/counted-process.mjs';
import preset from '../workspace/jest-preset.mjs';
import { isNightly, type Guard } from './guard.ts';
import { BASELINE, type FileResult } from './verdict.ts';

const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const HERE = fileURLToPath(new URL('.', import.meta.url));
/** A test that waits for what a guard would have brought about fails after this time. */
const TEST_TIMEOUT_MS = 3_000;

const LOOK_MS = 1_000;
/** A run that was cut is gone on with this often. */
const MAX_RUNS = 4;

export interface GuardRunOptions {
  readonly root: string;
  readonly guards: readonly Guard[];
  /** How many test files run side by side. */
  readonly maxWorkers: number;
  readonly timeoutMs: number;
  /** Without a guard a test may wait, or go round, for ever: a run in which no file begins or ends for so long is cut. */
  readonly stallMs: number;
}

/** One test file, with a guard taken away or with all in place. */
interface Job {
  readonly file: string;
  readonly guard: Guard | undefined;
}

/** @returns What became of each file, without those that did not end. */
export async function runWithoutGuards(options: GuardRunOptions): Promise<readonly FileResult[]> {
  const { root, guards, timeoutMs } = options;
  const endMs = Date.now() + timeoutMs;
  const files = [...new Set(guards.map(({ test }) => test.file))];
  let left: readonly Job[] = [
    ...files.map((file) => ({ file, guard: undefined })),
    ...guards.map((guard) => ({ file: guard.test.file, guard })),
  ];
  const results: FileResult[] = [];
  for (let runs = 0; runs < MAX_RUNS && left.length > 0; runs++) {
    const begun = await runOnce(options, left, endMs - Date.now());
    for (const { tests, ...rest } of begun) if (tests !== undefined) results.push({ ...rest, tests, loadError: rest.loadError });
    // What has begun and not ended would not end the next time either.
    left = left.filter(({ file, guard }) => !begun.some((one) => one.project === nameOf(guard) && one.file === join(root, file)));
    if (Date.now() >= endMs) break;
  }
  return results;
}

/** A line of the reporter: that a file has begun, or its result. */
type ReporterLine = Omit<FileResult, 'tests'> & Partial<Pick<FileResult, 'tests'>>;

async function runOnce(
  { root, guards, maxWorkers, stallMs }: GuardRunOptions,
  jobs: readonly Job[],
  timeoutMs: number,
): Promise<readonly ReporterLine[]> {
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
      projects: jobs.map((job) => project(root, folder, job)),
      reporters: [[join(HERE, 'guard-reporter.mjs'), { file: lines }]],
      maxWorkers,
      workerIdleMemoryLimit: '400MB',
      testTimeout: TEST_TIMEOUT_MS,
    };
    const configFile = join(folder, 'jest.config.json');
    writeFileSync(configFile, JSON.stringify(config));
    const { FORCE_COLOR: _, ...rest } = process.env;
    const args = [...JEST, `--config=${configFile}`, ...(maxWorkers === 1 ? ['--runInBand'] : []), ...titles(guards)];
    await runCounted(process.execPath, args, { cwd: root, timeoutMs, env: { ...rest, NO_COLOR: '1' }, signal: stall.signal });
    const written = readFileSync(lines, 'utf8').split('\n');
    // What the reporter writes has this form; the last line may have been cut.
    return written.slice(0, -1).map((line) => JSON.parse(line) as ReporterLine);
  } finally {
    clearInterval(watch);
    rmSync(folder, { recursive: true, force: true });
  }
}

function nameOf(guard: Guard | undefined): string {
  return guard?.name ?? BASELINE;
}

/** Long files: only the tests that are meant run. In others those that pass show that the rest still works. */
function titles(guards: readonly Guard[]): string[] {
  if (!guards.every(isNightly)) return [];
  const escaped = guards.map(({ test }) => test.title.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return [`--testNamePattern=${[...new Set(escaped)].join('|')}`];
}

function project(root: string, folder: string, { file, guard }: Job): object {
  const home = projectFolder(root, file);
  const [pattern, [, swc] = []] = Object.entries(preset.transform)[0] ?? [];
  const takeAway =
    guard === undefined ? '' : `${pathToFileURL(join(HERE, 'guard-import.mjs')).href}?guard=${encodeURIComponent(guard.name)}`;
  return {
    ...preset,
    rootDir: home,
    roots: [join(root, dirname(file))],
    testMatch: [join(root, file)],
    displayName: nameOf(guard),
    transform: { [pattern ?? '']: [join(HERE, 'guard-transform.mjs'), { root, guard, swc }] },
    setupFiles: [...preset.setupFiles, join(HERE, 'guard-setup.mjs')],
    // Without their guard many tests hang: the five seconds of Jest are enough to see it, unless they start processes.
    setupFilesAfterEnv: guard === undefined || isNightly(guard) ? preset.setupFilesAfterEnv : [],
    globals: { omniImport: takeAway },
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
