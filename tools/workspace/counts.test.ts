import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { countsLine, countsOfJest, countsOfLastLine, sum } from './counts.mjs';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'omni-counts-'));
  file = join(folder, 'unit.json');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function writeJest(result: object): void {
  const none = {
    numPassedTests: 0,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    numRuntimeErrorTestSuites: 0,
  };
  writeFileSync(file, JSON.stringify({ ...none, ...result }));
}

describe('countsOfJest', () => {
  it('adds up tests and suites that could not be loaded', () => {
    writeJest({
      numPassedTests: 5,
      numFailedTests: 1,
      numPendingTests: 2,
      numTodoTests: 1,
      numRuntimeErrorTestSuites: 1,
    });
    expect(countsOfJest(file, 1)).toEqual({ passed: 5, failed: 2, skipped: 3 });
  });

  it('fails when Jest left no result', () => {
    expect(countsOfJest(file, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it('fails when not a single test ran', () => {
    writeJest({});
    expect(countsOfJest(file, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it('fails when Jest failed without a failing test', () => {
    writeJest({ numPassedTests: 3 });
    expect(countsOfJest(file, 1)).toEqual({ passed: 3, failed: 1, skipped: 0 });
  });
});

describe('countsOfLastLine', () => {
  it('reads the last line', () => {
    expect(countsOfLastLine('x\n1 passed, 2 failed, 3 skipped\n', 1)).toEqual({
      passed: 1,
      failed: 2,
      skipped: 3,
    });
  });

  it('fails when the program did not count, or failed without counting a failure', () => {
    expect(countsOfLastLine('all is well\n', 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(countsOfLastLine('2 passed, 0 failed, 0 skipped\n', 1)).toEqual({
      passed: 2,
      failed: 1,
      skipped: 0,
    });
  });
});

describe('sum', () => {
  it('adds up and prints as one line', () => {
    const all = sum([
      { passed: 1, failed: 0, skipped: 2 },
      { passed: 3, failed: 1, skipped: 0 },
    ]);
    expect(countsLine(all)).toBe('4 passed, 1 failed, 2 skipped');
  });
});
