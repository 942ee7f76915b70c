import { describe, expect, it } from '@jest/globals';
import { joinResults, type JestResult } from './joined-results.mjs';

function result(name: string, startTime: number): JestResult {
  return {
    startTime,
    testResults: [{ name, status: 'passed', assertionResults: [] }],
    numPassedTests: 10,
    numFailedTests: 2,
    numPendingTests: 3,
    numTodoTests: 1,
    numRuntimeErrorTestSuites: 1,
  };
}

describe('joinResults', () => {
  it('adds up what was counted, and has all files', () => {
    expect(joinResults([result('a', 7), result('b', 5)])).toEqual({
      startTime: 5,
      testResults: [...result('a', 7).testResults, ...result('b', 5).testResults],
      numPassedTests: 20,
      numFailedTests: 4,
      numPendingTests: 6,
      numTodoTests: 2,
      numRuntimeErrorTestSuites: 2,
    });
  });

  it('counts a run without results as one that could not be loaded', () => {
    expect(joinResults([result('a', 7), undefined]).numRuntimeErrorTestSuites).toBe(2);
  });
});
