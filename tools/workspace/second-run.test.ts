import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { countsOfJest } from './counts.mjs';
import { filesForSecondRun, mergeSecondRun } from './second-run.mjs';

let folder: string;
let first: string;
let second: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'omni-second-run-'));
  [first, second] = [join(folder, 'first.json'), join(folder, 'second.json')];
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** @param files - The states of the tests of each file; none stands for a file that could not be loaded. */
function write(path: string, files: Readonly<Record<string, readonly string[]>>): void {
  const testResults = Object.entries(files).map(([name, tests]) => ({
    name,
    status: tests.length === 0 || tests.includes('failed') ? 'failed' : 'passed',
    assertionResults: tests.map((status) => ({ status })),
  }));
  writeFileSync(path, JSON.stringify({ testResults }));
}

describe('filesForSecondRun', () => {
  it('names the files of which something failed', () => {
    write(first, { a: ['passed'], b: ['passed', 'failed'], c: [] });
    expect(filesForSecondRun(first)).toEqual(['b', 'c']);
  });

  it('names none when so much failed that it is no accident', () => {
    write(first, { a: ['failed'], b: ['failed'], c: ['failed'], d: ['failed'] });
    expect(filesForSecondRun(first)).toEqual([]);
  });
});

describe('mergeSecondRun', () => {
  it('takes what passed for passed, and says which files that were', () => {
    write(first, { a: ['passed', 'pending'], b: ['passed', 'failed'], c: [] });
    write(second, { b: ['passed', 'passed'], c: ['passed', 'todo'] });
    expect(mergeSecondRun(first, second)).toEqual(['b', 'c']);
    expect(countsOfJest(first, 0)).toEqual({ passed: 4, failed: 0, skipped: 2 });
  });

  it('leaves failed what failed again', () => {
    write(first, { a: ['passed'], b: ['failed', 'failed'], c: [] });
    write(second, { b: ['passed', 'failed'], c: [] });
    expect(mergeSecondRun(first, second)).toEqual([]);
    expect(countsOfJest(first, 1)).toEqual({ passed: 2, failed: 2, skipped: 0 });
  });

  it('leaves the results of the second run where the requirements are looked for', () => {
    write(first, { a: ['failed'] });
    write(second, { a: ['passed'] });
    mergeSecondRun(first, second);
    expect(readFileSync(first, 'utf8')).toContain('"assertionResults":[{"status":"passed"}]');
  });
});
