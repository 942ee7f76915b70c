/**
 * Writes to a file when a test file of a project begins and what became of it: one JSON value a line, so that
 * nothing is lost when a run is cut.
 */
import { appendFileSync } from 'node:fs';

/** @import { FileResult } from './verdict.ts' */

/** @typedef {{ path: string, context: { config: { displayName?: { name: string } } } }} Test */
/**
 * @typedef {{ fullName: string, status: string, duration?: number | null, failureMessages?: string[] }}
 * TestResult
 */
/**
 * @typedef {{ testExecError?: { message?: string } | null, failureMessage?: string | null, testResults:
 * TestResult[] }} SuiteResult
 */

const MAX_MESSAGE = 2_000;

// oxlint-disable-next-line import/no-default-export -- Jest takes no other
export default class GuardReporter {
  #file;

  /**
   * @param {unknown} _globalConfig
   * @param {{ file: string }} options
   */
  constructor(_globalConfig, { file }) {
    this.#file = file;
  }

  /** @param {Test} test */
  onTestFileStart(test) {
    this.#write({ project: projectOf(test), file: test.path });
  }

  /**
   * @param {Test} test
   * @param {SuiteResult} result
   */
  onTestFileResult(test, result) {
    const tests = result.testResults
      .filter(({ status }) => status === 'passed' || status === 'failed')
      .map(({ fullName, status, duration, failureMessages }) => ({
        title: fullName,
        hasPassed: status === 'passed',
        durationMs: duration ?? 0,
        message: failureMessages?.[0]?.slice(0, MAX_MESSAGE) ?? '',
      }));
    const loadError = result.testExecError
      ? (result.failureMessage ?? result.testExecError.message ?? 'unknown')
      : undefined;
    /** @type {Omit<FileResult, 'meant'>} */
    const line = { project: projectOf(test), file: test.path, tests, loadError };
    this.#write(line);
    // Who waits sees that it goes on.
    process.stderr.write('.');
  }

  onRunComplete() {
    process.stderr.write('\n');
  }

  /** @param {object} line */
  #write(line) {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** @param {Test} test */
function projectOf({ context }) {
  return context.config.displayName?.name ?? '';
}
