/**
 * Tests as tasks of Nx: what has passed is not run again until something that it depends on changes. Each
 * task leaves its results in a file, which comes out of the cache with it.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { countsOfJest } from './counts.mjs';
import { JEST } from './jest-task.mjs';
import { joinResults } from './joined-results.mjs';
import { filesForSecondRun, mergeSecondRun } from './second-run.mjs';
import { runNode } from './stage-process.mjs';

/** @import { Counts } from './counts.mjs' */
/** @import { JestResult } from './joined-results.mjs' */
/** @import { StageContext } from './stage-process.mjs' */

/** Where the results of the stages are, for the requirements stage. */
export const RESULTS_FOLDER = '.test-results';

export const NX = 'node_modules/nx/dist/bin/nx.js';

/**
 * @typedef {object} TestTasks
 * @property {string} name - Of the stage; its results go to a file of that name.
 * @property {readonly string[]} targets - Of Nx.
 * @property {readonly string[]} [projects] - Of Nx. Default: all that have the targets.
 * @property {readonly string[]} results - The file of each task, from the root of the workspace.
 * @property {NodeJS.ProcessEnv} [env] - For a second run of single files.
 */

/** Two cores have time for three tasks: each waits for a part of its own. */
const PARALLEL = 3;

/**
 * Runs the tests of stages side by side, since no core is to wait for the last one of a stage. What fails of
 * a few files is run once more, see `second-run.mjs`.
 *
 * @param {StageContext} context
 * @param {readonly TestTasks[]} stages
 * @returns {Promise<Counts[]>} of each stage
 */
export async function runTests(context, stages) {
  const targets = stages.flatMap((stage) => stage.targets);
  const projects = stages.flatMap((stage) => stage.projects ?? []);
  for (const file of stages.flatMap(({ results }) => results))
    rmSync(join(context.root, file), { force: true });
  const began = Date.now();
  const argv = [NX, 'run-many', `--targets=${targets.join(',')}`];
  if (projects.length > 0) argv.push(`--projects=${projects.join(',')}`);
  argv.push(`--parallel=${PARALLEL}`, '--outputStyle=static');
  const { code } = await runNode(context, argv, { NX_DAEMON: 'false' });
  const joined = stages.map((stage) => resultsOfStage(context.root, stage, began));
  // When nothing tells why Nx failed, something failed all the same.
  const isUnexplained = code !== 0 && joined.every(({ hasFailed }) => !hasFailed);
  /** @type {Counts[]} */
  const counts = [];
  for (const [index, { file, hasFailed, isWhole }] of joined.entries()) {
    const own = hasFailed || (isUnexplained && index === 0) ? code : 0;
    // A task without results fails whatever passes later: the second run has only the files that are named.
    const isOver = own === 0 || !isWhole || context.signal.aborted;
    counts.push(
      isOver ? countsOfJest(file, own) : await secondRun(context, file, own, stages[index]?.env ?? {}),
    );
  }
  return counts;
}

/**
 * @param {string} root
 * @param {TestTasks} stage
 * @param {number} began - When Nx was started: what is older came from the cache.
 * @returns {{ file: string, hasFailed: boolean, isWhole: boolean }} the results of all tasks of a stage, and
 * whether each task left some
 */
function resultsOfStage(root, { name, results }, began) {
  const found = results.map((file) => resultIn(join(root, file)));
  for (const [index, result] of found.entries())
    if (result === undefined) console.log(`${results[index]} is not there: the run did not come to its end`);
  const cached = found.filter((result) => result !== undefined && result.startTime < began).length;
  console.log(`${name}: ${cached} of ${found.length} cached, unchanged since they passed`);
  const file = join(root, RESULTS_FOLDER, `${name}.json`);
  mkdirSync(dirname(file), { recursive: true });
  const whole = joinResults(found);
  writeFileSync(file, JSON.stringify(whole));
  return {
    file,
    hasFailed: whole.numFailedTests + whole.numRuntimeErrorTestSuites > 0,
    isWhole: !found.includes(undefined),
  };
}

/**
 * @param {string} file
 * @returns {JestResult | undefined}
 */
function resultIn(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/**
 * @param {StageContext} context
 * @param {string} file - The joined results; is rewritten.
 * @param {number} code - Exit code of the first run.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Counts>}
 */
async function secondRun(context, file, code, env) {
  const again = filesForSecondRun(file);
  if (again.length === 0) return countsOfJest(file, code);
  console.log(`once more, alone: ${again.map((path) => relative(context.root, path)).join(', ')}`);
  const secondFile = join(context.root, RESULTS_FOLDER, 'second-run.json');
  const configs = new Set(again.map((path) => configOf(context.root, path)));
  const options = ['--runInBand', '--json', `--outputFile=${secondFile}`];
  const argv = [...JEST, '--projects', ...configs, ...options, '--runTestsByPath', ...again];
  const second = await runNode(context, argv, env);
  if (!existsSync(secondFile)) return countsOfJest(file, code);
  for (const path of mergeSecondRun(file, secondFile))
    console.log(`UNSTEADY: ${relative(context.root, path)} failed, and passed when run alone`);
  rmSync(secondFile);
  return countsOfJest(file, second.code);
}

/**
 * @param {string} root
 * @param {string} testFile
 */
function configOf(root, testFile) {
  let folder = dirname(testFile);
  while (folder !== root && !existsSync(join(folder, 'jest.config.mjs'))) folder = dirname(folder);
  return join(folder, 'jest.config.mjs');
}
