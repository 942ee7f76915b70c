/**
 * Runs Jest as a task of Nx: `node tools/workspace/jest-task.mjs RESULTS ARGUMENTS`. The results are what Nx
 * keeps: they are written to the named file, from the root of the workspace.
 */
import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInForeground } from './foreground.mjs';
import { plainEnvironment } from './plain-node.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];

/**
 * @param {string} results
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [more] - Variables beside those of this process.
 * @returns {Promise<number>} the exit code
 */
export function runJestTask(results, args, more) {
  mkdirSync(dirname(resolve(ROOT, results)), { recursive: true });
  return runInForeground(process.execPath, [...JEST, ...args, '--json', `--outputFile=${results}`], {
    cwd: ROOT,
    env: plainEnvironment(more),
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [results = '', ...args] = process.argv.slice(2);
  process.exitCode = await runJestTask(results, args);
}
