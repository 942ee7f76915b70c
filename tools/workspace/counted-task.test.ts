import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { countsOfJest } from './counts.mjs';

describe('counted-task.mjs', () => {
  let folder = '';
  const results = (): string => join(folder, 'deep', 'results.json');
  /** @returns Its exit code. */
  const run = (program: string, ...options: readonly string[]): number | null => {
    const task = join(import.meta.dirname, 'counted-task.mjs');
    return spawnSync(process.execPath, [task, results(), ...options, '-e', program]).status;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'omni-counted-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('writes what the program counts', () => {
    const before = Date.now();
    expect(run("console.log('as told\\n3 passed, 0 failed, 2 skipped')")).toBe(0);
    expect(countsOfJest(results(), 0)).toEqual({ passed: 3, failed: 0, skipped: 2 });
    expect(JSON.parse(readFileSync(results(), 'utf8')).startTime).toBeGreaterThanOrEqual(before);
  });

  it('fails with the program, and when it counts a failure or nothing', () => {
    expect(run("console.log('3 passed, 0 failed, 0 skipped'); process.exit(4)")).toBe(1);
    expect(run("console.log('3 passed, 1 failed, 0 skipped')")).toBe(1);
    expect(countsOfJest(results(), 1)).toEqual({ passed: 3, failed: 1, skipped: 0 });
    expect(run("console.log('no counts')")).toBe(1);
  });

  it('counts one check where the program does not count', () => {
    expect(run("console.log('all is well')", '--exit-code')).toBe(0);
    expect(countsOfJest(results(), 0)).toEqual({ passed: 1, failed: 0, skipped: 0 });
    expect(run('process.exit(3)', '--exit-code')).toBe(1);
    expect(countsOfJest(results(), 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});
