/** How many checks passed, failed and were left out: the one thing that all stages report. */
import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ readonly passed: number, readonly failed: number, readonly skipped: number }} Counts */

/** @type {Counts} */
export const NOTHING = { passed: 0, failed: 0, skipped: 0 };

/**
 * @param {readonly Counts[]} all
 * @returns {Counts}
 */
export function sum(all) {
  return all.reduce(
    (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }),
    NOTHING,
  );
}

/**
 * @param {Counts} counts
 * @returns {string} the line that everything which counts ends with
 */
export function countsLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/**
 * A program that only says yes or no counts as one check.
 *
 * @param {number} code
 * @returns {Counts}
 */
export function countsOfExitCode(code) {
  return code === 0 ? { ...NOTHING, passed: 1 } : { ...NOTHING, failed: 1 };
}

/**
 * @param {string} output
 * @param {number} code - Exit code: a program that fails without counting a failure has failed once.
 * @returns {Counts}
 */
export function countsOfLastLine(output, code) {
  const match = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(output.trimEnd().split('\n').at(-1) ?? '');
  if (match === null) return { ...NOTHING, failed: 1 };
  const [passed = 0, failed = 0, skipped = 0] = match.slice(1).map(Number);
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
}

/**
 * @param {string} file - What `jest --json --outputFile` wrote.
 * @param {number} code - Exit code of Jest.
 * @returns {Counts} A suite that could not be loaded is one failure; so is a run without a single test.
 */
export function countsOfJest(file, code) {
  if (!existsSync(file)) return { ...NOTHING, failed: 1 };
  /**
   * @type {Record<'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numTodoTests' |
   * 'numRuntimeErrorTestSuites', number>}
   */
  const result = JSON.parse(readFileSync(file, 'utf8'));
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  const ranNothing = result.numPassedTests === 0;
  return {
    passed: result.numPassedTests,
    failed: failed === 0 && (code !== 0 || ranNothing) ? 1 : failed,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}
