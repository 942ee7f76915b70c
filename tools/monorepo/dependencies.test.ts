import { globSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectsIn } from '../workspace/projects.mjs';
import { closureOf, graphOf, ROOT, type NxTarget } from './nx.ts';
import { namedIn } from './reached-files.ts';

const GRAPH = graphOf(ROOT);
const NAMED_INPUTS: Readonly<Record<string, readonly unknown[]>> = JSON.parse(
  readFileSync(join(ROOT, 'nx.json'), 'utf8'),
).namedInputs;
const PROJECTS = projectsIn(ROOT);
const NOT_OURS = new Set(['node_modules', 'dist', 'out-tsc', 'results', 'coverage', '.test-results']);
/** Started by people or at night; what they start waits for nobody. */
const NO_TASK = /\/nightly\.mjs$/;

const ownerOf = (file: string): string | undefined =>
  PROJECTS.find(({ folder }) => file.startsWith(`${folder}/`))?.name;

const filesOf = (folder: string): readonly string[] =>
  globSync(`${folder}/**/*.{ts,mjs}`, {
    cwd: ROOT,
    exclude: (name) => NOT_OURS.has(name.split('/').at(-1) ?? ''),
  });

describe('the graph of Nx', () => {
  it('has every project, with the name that its manifest has', () => {
    expect(Object.keys(GRAPH.nodes).toSorted()).toEqual(
      ['omni', ...PROJECTS.map(({ name }) => name)].toSorted(),
    );
  });

  it('tells apps and tools from libraries', () => {
    for (const { folder, name } of PROJECTS)
      expect([name, GRAPH.nodes[name]?.data.projectType]).toEqual([
        name,
        folder.startsWith('libs/') ? 'library' : 'application',
      ]);
  });

  it.each(PROJECTS.map(({ name, folder }) => [name, folder]))(
    'knows what %s can be asked to do',
    (name, folder) => {
      const targets = Object.keys(GRAPH.nodes[name]?.data.targets ?? {});
      const has = (file: string): boolean => globSync(`${folder}/${file}`, { cwd: ROOT }).length > 0;
      const expected = ['lint', 'typecheck'];
      if (!folder.startsWith('tools/')) expected.push('build');
      if (folder.endsWith('-e2e')) expected.push('e2e');
      else if (has('jest.config.mjs')) expected.push('test');
      expect(targets).toEqual(expect.arrayContaining(expected));
    },
  );

  it('has no target that does nothing', () => {
    const idle = Object.entries(GRAPH.nodes).flatMap(([name, { data }]) =>
      Object.entries(data.targets)
        .filter(([, { options }]) => options?.command?.startsWith('echo') === true)
        .map(([target]) => `${name}:${target}`),
    );
    expect(idle).toEqual([]);
  });

  it.each(PROJECTS.map(({ name, folder }) => [name, folder]))(
    'has an edge from %s to what its files import, or name by a path',
    (name, folder) => {
      const closure = closureOf(GRAPH, name);
      const missing = filesOf(folder)
        .filter((file) => !NO_TASK.test(file))
        .flatMap((file) =>
          namedIn(file)
            .filter((target) => !closure.has(ownerOf(target) ?? name))
            .map((target) => `${file} needs ${target}`),
        );
      expect(missing).toEqual([]);
    },
  );

  it.each(PROJECTS.map(({ name }) => [name]))('has an edge from %s to what its tasks look at', (name) => {
    const closure = closureOf(GRAPH, name);
    const targets = Object.values(GRAPH.nodes[name]?.data.targets ?? {}).map(patternsOf);
    const missing = PROJECTS.filter(
      ({ folder, name: other }) => targets.some((patterns) => takes(patterns, folder)) && !closure.has(other),
    ).map(({ name: other }) => other);
    // Its tasks look at everything; whoever depends on it would do so, too.
    expect(name === 'tool-monorepo' ? [] : missing).toEqual([]);
  });
});

const FROM_ROOT = /^(!?)\{workspaceRoot\}\//;

/** @returns The patterns from the root among the inputs of a target; `!` before those that take away. */
function patternsOf({ inputs = [] }: NxTarget): readonly string[] {
  return inputs.flatMap((input) => {
    if (typeof input !== 'string') return [];
    if (FROM_ROOT.test(input)) return [input.replace(FROM_ROOT, '$1')];
    return patternsOf({ inputs: NAMED_INPUTS[input] ?? [] });
  });
}

/** Whether patterns take the sources of a project. */
function takes(patterns: readonly string[], folder: string): boolean {
  return [`${folder}/src/index.ts`, `${folder}/main.ts`].some((file) => {
    const matches = (pattern: string): boolean => matchesGlob(file, pattern);
    return (
      patterns.some(matches) &&
      !patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1)))
    );
  });
}
