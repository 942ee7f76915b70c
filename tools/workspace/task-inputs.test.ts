import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { END_TO_END, targetOf } from './areas.mjs';

const ROOT = join(import.meta.dirname, '../..');
const APPS = ['cli', 'demo-server', 'master-server'];

/** @returns The files that Nx looks at before it takes the result of a task from its cache. */
function inputsOf(task: string): ReadonlySet<string> {
  const nx = join(ROOT, 'node_modules/nx/dist/bin/nx.js');
  const { stdout, stderr } = spawnSync(process.execPath, [nx, 'show', 'target', 'inputs', task, '--json'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    env: { ...process.env, NX_DAEMON: 'false' },
  });
  if (!stdout.startsWith('{')) throw new Error(stderr + stdout);
  // What Nx prints has this form.
  return new Set((JSON.parse(stdout) as { files: string[] }).files);
}

/** Every file that is imported, or named by a path, from these on; paths from the root. */
function reachedFrom(files: readonly string[]): readonly string[] {
  const reached = new Set<string>();
  const left = [...files];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    if (!/\.(?:ts|mjs)$/.test(file)) continue;
    for (const name of stringsIn(readFileSync(join(ROOT, file), 'utf8'))) {
      const target = name.startsWith('@') ? libraryFile(name) : join(ROOT, dirname(file), name);
      if (target !== undefined && existsSync(target) && statSync(target).isFile())
        left.push(relative(ROOT, target));
    }
  }
  return [...reached];
}

function stringsIn(text: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && /^(?:\.|@omni\/[\w-]+$|[\w-]+\.\w+$)/.test(node.text))
      found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest));
  return found;
}

/** What a library or app shows to others. */
function libraryFile(library: string): string | undefined {
  const manifests = globSync(['libs/*/package.json', 'libs/*/*/package.json', 'apps/*/package.json'], {
    cwd: ROOT,
  });
  for (const file of manifests) {
    const { name, exports } = JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
    if (name === library) return resolve(ROOT, dirname(file), exports['.']['@omni/source']);
  }
  return undefined;
}

describe('the key of an end-to-end result', () => {
  const inputs = inputsOf(`@omni/master-server-e2e:${targetOf('auth')}`);

  it('is that of the conformance suite, too, but for the tests and what they write', () => {
    const conformance = inputsOf('tool-conformance:conformance');
    const missing = [...inputs].filter(
      (file) => !conformance.has(file) && !file.startsWith(`${END_TO_END}/`),
    );
    expect(missing).toEqual(['docs/compatibility.md']);
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
