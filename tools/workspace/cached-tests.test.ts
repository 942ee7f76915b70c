import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { runTests, type TestTasks } from './cached-tests.mjs';
import type { Counts } from './counts.mjs';
import { STAGES, batchesOf } from './stages.mjs';

const ROOT = join(import.meta.dirname, '../..');
/** Stands for Jest: writes the results that the project wants, and how often it ran. */
const PROGRAM = `
  import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
  import { resolve } from 'node:path';
  const [folder] = process.argv.slice(2);
  appendFileSync('runs.log', folder + '\\n');
  const wanted = readFileSync(folder + '/wanted', 'utf8').trim();
  if (wanted === 'nothing') process.exit(3);
  mkdirSync(folder + '/.test-results', { recursive: true });
  const failed = wanted === 'failure' || wanted === 'unsteady' ? 1 : 0;
  const name = resolve(folder, 'unsteady.test.js');
  const testResults =
    wanted === 'unsteady' ? [{ name, status: 'failed', assertionResults: [{ status: 'failed' }] }] : [];
  writeFileSync(folder + '/.test-results/unit.json', JSON.stringify({
    startTime: Date.now(), testResults, numPassedTests: 5, numFailedTests: failed, numPendingTests: 0, numTodoTests: 0,
    numRuntimeErrorTestSuites: 0,
  }));
  process.exit(wanted === 'lie' ? 1 : failed);`;

describe('cachedTests', () => {
  let root = '';
  const write = (file: string, text: string): void => writeFileSync(join(root, file), text);
  const stageOf = (name: string, ...folders: string[]): TestTasks => ({
    name,
    targets: ['test'],
    results: folders.map((folder) => `${folder}/.test-results/unit.json`),
  });
  const run = (...stages: readonly TestTasks[]): Promise<readonly Counts[]> =>
    runTests({ root, signal: new AbortController().signal, areas: [], takesAllGuards: false }, stages);
  const both = (): TestTasks => stageOf('unit', 'a', 'b');
  const runs = (): string[] => readFileSync(join(root, 'runs.log'), 'utf8').trim().split('\n').sort();

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'omni-cached-'));
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'junction');
    write('package.json', '{ "name": "planted", "private": true }');
    write('.gitignore', 'node_modules\n.nx\n.test-results\nruns.log\n');
    write('program.mjs', PROGRAM);
    const test = {
      executor: 'nx:run-commands',
      cache: true,
      inputs: ['{projectRoot}/**/*'],
      outputs: ['{projectRoot}/.test-results/unit.json'],
      options: { command: 'node program.mjs {projectRoot}' },
    };
    write(
      'nx.json',
      JSON.stringify({ neverConnectToCloud: true, analytics: false, targetDefaults: { test } }),
    );
    for (const name of ['a', 'b']) {
      mkdirSync(join(root, name));
      write(`${name}/project.json`, JSON.stringify({ name, targets: { test: {} } }));
      write(`${name}/wanted`, 'success');
    }
    jest.spyOn(console, 'log').mockReturnValue(undefined);
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  });

  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(root, { recursive: true, force: true });
  });

  it('runs again what has changed, and takes what has passed from the cache', async () => {
    expect(await run(both())).toEqual([{ passed: 10, failed: 0, skipped: 0 }]);
    expect(runs()).toEqual(['a', 'b']);
    write('b/wanted', 'success\n');
    expect(await run(both())).toEqual([{ passed: 10, failed: 0, skipped: 0 }]);
    expect(runs()).toEqual(['a', 'b', 'b']);
    expect(console.log).toHaveBeenLastCalledWith('unit: 1 of 2 cached, unchanged since they passed');
  });

  it('never takes a failure from the cache', async () => {
    write('b/wanted', 'failure');
    expect(await run(both())).toEqual([{ passed: 10, failed: 1, skipped: 0 }]);
    expect(await run(both())).toEqual([{ passed: 10, failed: 1, skipped: 0 }]);
    expect(runs()).toEqual(['a', 'b', 'b']);
  });

  it('counts a task that leaves no results as one failure, whatever it left before', async () => {
    await run(both());
    write('b/wanted', 'nothing');
    expect(await run(both())).toEqual([{ passed: 5, failed: 1, skipped: 0 }]);
  });

  describe('with a test that fails only once', () => {
    beforeEach(() => {
      write('a/wanted', 'unsteady');
      write('a/jest.config.mjs', 'export default {};\n');
      write('a/unsteady.test.js', `test('passes', () => {});\n`);
    });

    it('passes, and says which file that is', async () => {
      expect(await run(stageOf('unit', 'a'))).toEqual([{ passed: 1, failed: 0, skipped: 0 }]);
      const file = join('a', 'unsteady.test.js');
      expect(console.log).toHaveBeenLastCalledWith(`UNSTEADY: ${file} failed, and passed when run alone`);
    });

    it('still counts a task that leaves no results', async () => {
      write('b/wanted', 'nothing');
      expect(await run(both())).toEqual([{ passed: 5, failed: 2, skipped: 0 }]);
    });
  });

  it('counts stages that run side by side each for itself', async () => {
    write('b/wanted', 'failure');
    expect(await run(stageOf('first', 'a'), stageOf('second', 'b'))).toEqual([
      { passed: 5, failed: 0, skipped: 0 },
      { passed: 5, failed: 1, skipped: 0 },
    ]);
  });

  it('counts a failure of Nx that no result tells of', async () => {
    write('b/wanted', 'lie');
    expect(await run(stageOf('first', 'a'), stageOf('second', 'b'))).toEqual([
      { passed: 5, failed: 1, skipped: 0 },
      { passed: 5, failed: 0, skipped: 0 },
    ]);
  });
});

describe('batchesOf', () => {
  it('runs tests side by side that follow each other, and nothing else', () => {
    expect(batchesOf(STAGES).map((batch) => batch.map(({ name }) => name))).toEqual([
      ['lock', 'lint', 'format', 'boundaries'],
      ['types'],
      ['packaging', 'unit', 'examples', 'monorepo', 'packages'],
      ['guards'],
      ['simulation'],
      ['end-to-end', 'conformance'],
      ['requirements'],
    ]);
  });
});
