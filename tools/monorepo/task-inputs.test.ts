import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { END_TO_END, targetOf } from '../workspace/areas.mjs';
import { ROOT, runNx } from './nx.ts';
import { reachedFrom } from './reached-files.ts';

const APPS = ['cli', 'demo-server', 'master-server'];

/** @returns The files that Nx looks at before it takes the result of a task from its cache. */
function inputsOf(task: string): ReadonlySet<string> {
  const { output } = runNx(ROOT, ['show', 'target', 'inputs', task, '--json']);
  if (!output.startsWith('{')) throw new Error(output);
  // What Nx prints has this form.
  return new Set((JSON.parse(output) as { files: string[] }).files);
}

describe('the key of an end-to-end result', () => {
  const inputs = inputsOf(`@omni/master-server-e2e:${targetOf('auth')}`);

  it('is that of the conformance suite, too, but for the tests and the documents that they read or write', () => {
    const conformance = inputsOf('tool-conformance:conformance');
    const missing = [...inputs].filter(
      (file) => !conformance.has(file) && !file.startsWith(`${END_TO_END}/`) && !file.startsWith('docs/'),
    );
    expect(missing).toEqual([]);
  });

  it('has everything that is started, imported or named by a path', () => {
    const tests = globSync(`${END_TO_END}/src/**/*.{ts,mjs}`, { cwd: ROOT });
    const mains = APPS.flatMap((app) =>
      globSync(`apps/${app}/{src/main.ts,src/index.ts,bin/*.mjs}`, { cwd: ROOT }),
    );
    const reached = reachedFrom([...tests, ...mains]);
    expect(reached).toEqual(
      expect.arrayContaining(['tools/conformance/fixture/main.ts', 'tools/fidelity/corpus.ts']),
    );
    // What is built is made from the rest.
    expect(reached.filter((file) => !inputs.has(file) && !file.includes('/dist/'))).toEqual([]);
  });

  it.each([
    ...APPS.map((app) => `apps/${app}/src/main.ts`),
    `${END_TO_END}/src/harness/scripted-upstream.mjs`,
    'libs/ports/src/index.ts',
    'tools/conformance/fixture/main.ts',
    'tools/workspace/area-run.mjs',
    'tools/workspace/bundle.mjs',
    'tools/workspace/jest-preset.mjs',
    'package-lock.json',
    'nx.json',
  ])('has %s', (file) => {
    expect(existsSync(join(ROOT, file)) && inputs.has(file)).toBe(true);
  });

  it.each(['README.md', 'docs/guards.md', 'libs/core/auth/src/origin-guard.test.ts', 'tools/bench/main.ts'])(
    'lacks %s',
    (file) => {
      expect(existsSync(join(ROOT, file)) && !inputs.has(file)).toBe(true);
    },
  );
});
