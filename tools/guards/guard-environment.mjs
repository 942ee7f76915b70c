/**
 * The environment of test files from which a guard is taken away: it runs the tests that must notice and a
 * few others, and writes to the file of the reporter which those are.
 */
import { appendFileSync } from 'node:fs';
import { TestEnvironment } from 'jest-environment-node';
import { isDefinedAt } from './test-places.mjs';

/** @import { EnvironmentContext, JestEnvironmentConfig } from '@jest/environment' */
/** @import { Circus } from '@jest/types' */
/** @import { TestPlace } from './placed-guards.ts' */

/**
 * So many tests that are not meant run, too: when none of them passes, more was taken away than the guard.
 */
const CONTROLS = 3;

/**
 * @typedef {object} GuardOptions
 * @property {string} root
 * @property {string} project
 * @property {string} lines - The file of the reporter.
 * @property {Readonly<Record<string, readonly TestPlace[]>>} guards - Where the tests of each guard stand.
 * @property {boolean} hasControls
 * @property {number} [testTimeoutMs] - The longest that a test may take, whatever it says itself.
 */

// oxlint-disable-next-line import/no-default-export -- Jest takes no other
export default class GuardEnvironment extends TestEnvironment {
  /** @type {GuardOptions} */
  #options;
  #file;

  /**
   * @param {JestEnvironmentConfig} config
   * @param {EnvironmentContext} context
   */
  constructor(config, context) {
    super(config, context);
    this.#options = /** @type {GuardOptions} */ (config.projectConfig.testEnvironmentOptions['guarded']);
    this.#file = context.testPath;
  }

  /**
   * @param {Circus.Event} event
   * @param {Circus.State} state
   */
  handleTestEvent(event, state) {
    if (event.name !== 'run_start') return;
    const { root, project, lines, guards, hasControls, testTimeoutMs } = this.#options;
    const all = testsOf(state.rootDescribeBlock);
    const meant = Object.entries(guards).map(([guard, places]) => ({
      guard,
      tests: all.filter((test) => isMeant(root, places, test)),
    }));
    const wanted = new Set(meant.flatMap(({ tests }) => tests));
    if (hasControls) for (const test of spread(all.filter((one) => !wanted.has(one)))) wanted.add(test);
    for (const test of all) {
      if (!wanted.has(test)) test.mode = 'skip';
      if (testTimeoutMs !== undefined) test.timeout = testTimeoutMs;
    }
    const titles = Object.fromEntries(meant.map(({ guard, tests }) => [guard, tests.map(titleOf)]));
    appendFileSync(lines, `${JSON.stringify({ project, file: this.#file, meant: titles })}\n`);
  }
}

/**
 * @param {Circus.DescribeBlock} block
 * @returns {Circus.TestEntry[]}
 */
function testsOf({ children }) {
  return children.flatMap((child) => (child.type === 'test' ? [child] : testsOf(child)));
}

/**
 * @param {string} root
 * @param {readonly TestPlace[]} places
 * @param {Circus.TestEntry} test
 */
function isMeant(root, places, test) {
  return isDefinedAt(places, test.asyncError.stack ?? '', root);
}

/**
 * @param {Circus.TestEntry} test
 * @returns {string} as the reporter calls it
 */
function titleOf(test) {
  const names = [test.name];
  for (let block = test.parent; block.parent !== undefined; block = block.parent) names.unshift(block.name);
  return names.join(' ');
}

/**
 * @param {readonly Circus.TestEntry[]} tests
 * @returns {Circus.TestEntry[]} some of them, from all over the file
 */
function spread(tests) {
  const step = Math.max(1, tests.length / CONTROLS);
  return tests.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}
