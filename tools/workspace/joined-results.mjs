/** The results of several runs of Jest as those of one. */

/**
 * @typedef {object} FileResult
 * @property {string} name
 * @property {string} status
 * @property {readonly { status: string }[]} assertionResults
 */

/**
 * @typedef {object} JestResult
 * @property {number} startTime - In milliseconds since 1970.
 * @property {FileResult[]} testResults
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {number} numRuntimeErrorTestSuites
 */

/**
 * @param {readonly (JestResult | undefined)[]} results - `undefined` for a run that left none, which counts
 * as a file that cannot be loaded.
 * @returns {JestResult}
 */
export function joinResults(results) {
  const there = results.filter((result) => result !== undefined);
  /** @param {Exclude<keyof JestResult, 'startTime' | 'testResults'>} count */
  const sum = (count) => there.reduce((total, result) => total + result[count], 0);
  return {
    startTime: Math.min(...there.map(({ startTime }) => startTime)),
    testResults: there.flatMap(({ testResults }) => testResults),
    numPassedTests: sum('numPassedTests'),
    numFailedTests: sum('numFailedTests'),
    numPendingTests: sum('numPendingTests'),
    numTodoTests: sum('numTodoTests'),
    numRuntimeErrorTestSuites: sum('numRuntimeErrorTestSuites') + results.length - there.length,
  };
}
