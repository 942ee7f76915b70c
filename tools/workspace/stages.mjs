/** The stages of `npm test`, in their order: cheap and telling ones first. */
import { existsSync, globSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { countsOfExitCode, countsOfJest, countsOfLastLine, NOTHING } from './counts.mjs';
import { runCounted } from './counted-process.mjs';
import { filesForSecondRun, mergeSecondRun } from './second-run.mjs';

/** @import { Counts } from './counts.mjs' */

/**
 * @typedef {{ root: string, signal: AbortSignal }} StageContext
 * @typedef {{ name: string, summary: string, run: (context: StageContext) => Promise<Counts> }} Stage
 */

/** Where Jest leaves its results for the requirements stage. */
export const RESULTS_FOLDER = '.test-results';

/** A stage that says nothing for so long has stalled. Nothing is limited in time, since that would call slow what is only busy. */
const SILENCE_MS = 10 * 60_000;
const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];
const README_EXAMPLES = 'readme-examples\\.test\\.ts$';
const CONFORMANCE = 'tools/conformance/through-omni.ts';

/**
 * @param {StageContext} context
 * @param {readonly string[]} argv - Given to Node.
 */
async function node({ root, signal }, argv) {
  // No colours, whoever looks: what is tested must not depend on where it runs.
  const { FORCE_COLOR: _, ...rest } = process.env;
  const result = await runCounted(process.execPath, argv, {
    cwd: root,
    silenceMs: SILENCE_MS,
    signal,
    env: { ...rest, NO_COLOR: '1' },
  });
  if (result.wasSilent) console.log(`ended: it has said nothing for ${SILENCE_MS / 60_000} minutes`);
  return result;
}

/**
 * @param {readonly string[]} argv
 * @returns {(context: StageContext) => Promise<Counts>} one check: it passes when the program ends with 0
 */
function oneCheck(argv) {
  return async (context) => countsOfExitCode((await node(context, argv)).code);
}

/**
 * @param {readonly string[]} argv
 * @returns {(context: StageContext) => Promise<Counts>} the counts of the program's last line
 */
function countedChecks(argv) {
  return async (context) => {
    const { code, tail } = await node(context, argv);
    return countsOfLastLine(tail, code);
  };
}

/**
 * Runs tests; what fails of a few files is run once more, see `second-run.mjs`.
 *
 * @param {string} name - Of the stage; its results go to a file of that name.
 * @param {readonly string[]} args
 * @returns {(context: StageContext) => Promise<Counts>}
 */
function jest(name, args) {
  return async (context) => {
    const file = join(context.root, RESULTS_FOLDER, `${name}.json`);
    rmSync(file, { force: true });
    const { code } = await node(context, [...JEST, ...args, '--json', `--outputFile=${file}`]);
    const again = code === 0 || context.signal.aborted || !existsSync(file) ? [] : filesForSecondRun(file);
    if (again.length === 0) return countsOfJest(file, code);
    console.log(`once more, alone: ${again.map((path) => relative(context.root, path)).join(', ')}`);
    const secondFile = join(context.root, RESULTS_FOLDER, 'second-run.json');
    const options = args.filter((arg) => !arg.startsWith('--testPath'));
    const argv = [...JEST, ...options, '--json', `--outputFile=${secondFile}`, '--runTestsByPath', ...again];
    const second = await node(context, argv);
    if (!existsSync(secondFile)) return countsOfJest(file, code);
    for (const path of mergeSecondRun(file, secondFile))
      console.log(`UNSTEADY: ${relative(context.root, path)} failed, and passed when run alone`);
    rmSync(secondFile);
    return countsOfJest(file, second.code);
  };
}

/** @type {readonly Stage[]} */
export const STAGES = [
  {
    name: 'lock',
    summary: 'package-lock.json works on every platform',
    run: countedChecks(['tools/checks/check-lock.mjs']),
  },
  {
    name: 'lint',
    summary: 'oxlint with types',
    run: oneCheck(['node_modules/oxlint/bin/oxlint', '--deny-warnings']),
  },
  {
    name: 'format',
    summary: 'prettier',
    run: oneCheck(['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.']),
  },
  {
    name: 'boundaries',
    summary: 'layers, cycles, deep imports; own rules',
    run: async (context) => {
      const layers = await oneCheck([
        'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
        'libs',
        'apps',
        'tools',
        '--output-type=err-long',
      ])(context);
      const own = await countedChecks(['tools/checks/own-rules.mjs'])(context);
      return { passed: layers.passed + own.passed, failed: layers.failed + own.failed, skipped: 0 };
    },
  },
  {
    name: 'types',
    summary: 'tsc -b over the solution',
    run: oneCheck(['node_modules/@typescript/native/bin/tsc', '-b']),
  },
  {
    name: 'packaging',
    summary: 'publint and attw for each library',
    run: countedChecks(['tools/checks/packaging.mjs']),
  },
  {
    name: 'unit',
    summary: 'unit, property and contract tests of all projects and tools',
    run: jest('unit', [
      '--maxWorkers=2',
      '--workerIdleMemoryLimit=400MB',
      `--testPathIgnorePatterns=${README_EXAMPLES}`,
    ]),
  },
  {
    name: 'guards',
    summary: 'each guard in a file that differs from main, taken away: its test must fail',
    run: countedChecks(['--conditions=@omni/source', 'tools/guards/main.ts', '--changed', '--fast']),
  },
  {
    name: 'examples',
    summary: 'the example of each README',
    run: jest('examples', ['--config=tools/checks/jest.config.mjs', `--testPathPatterns=${README_EXAMPLES}`]),
  },
  {
    name: 'end-to-end',
    summary: 'the program as a process, with real servers',
    run: async (context) => {
      const configs = globSync('apps/*-e2e/jest.config.mjs', { cwd: context.root });
      return jest('end-to-end', ['--projects', ...configs, '--runInBand'])(context);
    },
  },
  {
    name: 'conformance',
    summary: 'the official suite through Omni',
    run: async (context) => {
      if (!existsSync(join(context.root, CONFORMANCE))) {
        console.log(`${CONFORMANCE} is not there`);
        return { ...NOTHING, skipped: 1 };
      }
      const results = join(context.root, RESULTS_FOLDER, 'conformance.json');
      return countedChecks(['--conditions=@omni/source', CONFORMANCE, '--results', results])(context);
    },
  },
  {
    name: 'requirements',
    summary: 'every requirement called done has a test that passed just now',
    run: countedChecks(['tools/requirements/gate.mjs']),
  },
];
