import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequirementSet } from './requirement-set.ts';
import { readSuiteResults } from './suite-results.ts';

const set: RequirementSet = {
  revision: '2026-07-28',
  side: 'server',
  scored: ['tools-list', 'server-stateless', 'caching'],
  unscored: ['json-schema-2020-12', 'tasks-lifecycle'],
};

describe('readSuiteResults', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'omni-suite-results-'));
  });
  afterAll(async () => {
    await rm(root, { recursive: true, force: true });
  });

  /**
   * Lays out an output folder as the suite does; `undefined` is a folder without a file, which a crash
   * leaves.
   */
  async function outputFolder(
    name: string,
    scenarios: Readonly<Record<string, readonly string[] | undefined>>,
    prefix = 'server-',
  ): Promise<string> {
    const folder = join(root, name);
    await mkdir(folder);
    for (const [scenario, statuses] of Object.entries(scenarios)) {
      const inner = join(folder, `${prefix}${scenario}-2026-11-20T09-17-32-468Z`);
      await mkdir(inner);
      if (statuses === undefined) continue;
      await writeFile(
        join(inner, 'checks.json'),
        JSON.stringify(statuses.map((status, id) => ({ id, name: 'N', status }))),
      );
    }
    return folder;
  }

  const green = {
    'tools-list': ['SUCCESS', 'INFO'],
    'server-stateless': ['SUCCESS', 'SKIPPED'],
    caching: ['SUCCESS', 'WARNING'],
    'json-schema-2020-12': ['SUCCESS'],
    'tasks-lifecycle': ['SUCCESS'],
  };

  it('passes a run in which nothing failed and names the scenario that warned', async () => {
    expect(await readSuiteResults(await outputFolder('green', green), set)).toEqual({
      requirements: '2026-07-28',
      scored: { passed: 3, total: 3, failed: [] },
      unscored: { passed: 2, total: 2, failed: [] },
      warned: ['caching'],
      checks: { passed: 5, failed: 0, warnings: 1 },
      verdicts: {
        'tools-list': { '0 N': 'SUCCESS' },
        'server-stateless': { '0 N': 'SUCCESS' },
        caching: { '0 N': 'SUCCESS', '1 N': 'WARNING' },
        'json-schema-2020-12': { '0 N': 'SUCCESS' },
        'tasks-lifecycle': { '0 N': 'SUCCESS' },
      },
    });
  });

  it('fails a scenario when one of its checks failed', async () => {
    const folder = await outputFolder('red', { ...green, 'tools-list': ['SUCCESS', 'FAILURE'] });
    expect(await readSuiteResults(folder, set)).toMatchObject({
      scored: { passed: 2, failed: ['tools-list'] },
      checks: { failed: 1 },
    });
  });

  it('fails a scenario that is not there at all', async () => {
    const { caching: _, ...rest } = green;
    expect(await readSuiteResults(await outputFolder('absent', rest), set)).toMatchObject({
      scored: { passed: 2, failed: ['caching'] },
    });
  });

  it('fails a scenario that crashed before it wrote its checks', async () => {
    const folder = await outputFolder('crashed', { ...green, 'server-stateless': undefined });
    expect(await readSuiteResults(folder, set)).toMatchObject({ scored: { failed: ['server-stateless'] } });
  });

  it('fails a scenario that checked nothing', async () => {
    const folder = await outputFolder('empty', { ...green, 'tools-list': [] });
    expect(await readSuiteResults(folder, set)).toMatchObject({ scored: { failed: ['tools-list'] } });
  });

  it('takes the worst of what one check gave at several times', async () => {
    const folder = await outputFolder('repeated', green);
    const checks = ['SUCCESS', 'FAILURE', 'WARNING', 'INFO'].map((status) => ({
      id: 'a',
      name: 'A',
      status,
    }));
    await writeFile(
      join(folder, 'server-caching-2026-11-20T09-17-32-468Z', 'checks.json'),
      JSON.stringify(checks),
    );
    expect((await readSuiteResults(folder, set)).verdicts['caching']).toEqual({ 'a A': 'FAILURE' });
  });

  it('reads the folders of client scenarios, and fails one whose client ended with an error', async () => {
    const clients: RequirementSet = {
      ...set,
      side: 'client',
      scored: ['tools_call', 'initialize'],
      unscored: [],
    };
    const folder = await outputFolder('clients', { tools_call: ['SUCCESS'], initialize: ['SUCCESS'] }, '');
    expect(await readSuiteResults(folder, clients)).toMatchObject({ scored: { passed: 2 } });
    expect(await readSuiteResults(folder, clients, new Set(['initialize']))).toMatchObject({
      scored: { failed: ['initialize'] },
    });
  });

  it('keeps an unscored failure out of the score', async () => {
    const folder = await outputFolder('unscored', { ...green, 'tasks-lifecycle': ['FAILURE'] });
    expect(await readSuiteResults(folder, set)).toMatchObject({
      scored: { passed: 3 },
      unscored: { passed: 1, failed: ['tasks-lifecycle'] },
    });
  });
});
