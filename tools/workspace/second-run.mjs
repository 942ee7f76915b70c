/**
 * Tests of whole programs share their machine with others, and a machine that stands still for seconds fails
 * some of them. What has failed is therefore run once more, alone: a defect fails again, and what passes is
 * named, so that nobody takes it for steady.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** More than this is no accident. */
const MAX_FILES = 3;

/** @import { JestResult } from './joined-results.mjs' */

/**
 * @param {string} file - What `jest --json --outputFile` wrote.
 * @returns {JestResult}
 */
function read(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * @param {string} file - What `jest --json --outputFile` wrote.
 * @returns {string[]} the test files to run once more; none when nothing failed, or too much
 */
export function filesForSecondRun(file) {
  const failed = read(file).testResults.filter(({ status }) => status === 'failed');
  return failed.length > MAX_FILES ? [] : failed.map(({ name }) => name);
}

/**
 * Puts the results of the second run in the place of the first ones.
 *
 * @param {string} file - Of the first run; is rewritten.
 * @param {string} secondFile
 * @returns {string[]} the test files that passed now
 */
export function mergeSecondRun(file, secondFile) {
  const first = read(file);
  const second = new Map(read(secondFile).testResults.map((result) => [result.name, result]));
  const testResults = first.testResults.map((result) => second.get(result.name) ?? result);
  /** @param {string} status */
  const count = (status) =>
    testResults.flatMap((result) => result.assertionResults).filter((test) => test.status === status).length;
  /** @type {JestResult} */
  const merged = {
    ...first,
    testResults,
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending'),
    numTodoTests: count('todo'),
    numRuntimeErrorTestSuites: testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    ).length,
  };
  writeFileSync(file, JSON.stringify(merged));
  return [...second.values()].filter(({ status }) => status === 'passed').map(({ name }) => name);
}
