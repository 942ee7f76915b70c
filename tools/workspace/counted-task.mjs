/**
 * Runs a program as a task of Nx: `node tools/workspace/counted-task.mjs RESULTS [--exit-code] ARGUMENTS`.
 * What its last line counts, or one check with `--exit-code`, is written to the named file, from the root of
 * the workspace, in the form of Jest: it is what Nx keeps.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCounted } from './counted-process.mjs';
import { countsOfExitCode, countsOfLastLine } from './counts.mjs';
import { plainEnvironment } from './plain-node.mjs';

/** @import { JestResult } from './joined-results.mjs' */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const [results = '', ...rest] = process.argv.slice(2);
const isOneCheck = rest[0] === '--exit-code';
const argv = isOneCheck ? rest.slice(1) : rest;
const startTime = Date.now();
const { code, tail } = await runCounted(process.execPath, argv, { cwd: ROOT, env: plainEnvironment() });
const { passed, failed, skipped } = isOneCheck ? countsOfExitCode(code) : countsOfLastLine(tail, code);
/** @type {JestResult} */
const result = {
  startTime,
  testResults: [],
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: skipped,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
};
mkdirSync(dirname(resolve(ROOT, results)), { recursive: true });
writeFileSync(resolve(ROOT, results), JSON.stringify(result));
process.exitCode = failed === 0 ? code : 1;
