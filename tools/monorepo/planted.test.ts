import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { affectedByEach, closureOf, graphOf, runNx, tasksOf, type NxGraph } from './nx.ts';
import { BREAKABLE, cloneWorkspace, plantBreak } from './planted-clone.ts';

jest.setTimeout(5 * 60_000);

const TARGETS = ['build', 'lint', 'typecheck', 'test', 'e2e'];
const SINCE_THE_COMMIT = ['affected', `--targets=${TARGETS.join(',')}`, '--base=HEAD'];
const END_TO_END = '@omni/master-server-e2e:e2e';

let clone: string;
let graph: NxGraph;
let heal: () => void = () => {};

beforeAll(() => {
  clone = cloneWorkspace();
  graph = graphOf(clone);
});

afterEach(() => {
  heal();
  heal = () => {};
});

afterAll(() => {
  rmSync(clone, { recursive: true, force: true });
});

/** @returns The tasks that Nx names as failed. */
function failedTasks(output: string): readonly string[] {
  const [, list = ''] = output.split('Failed tasks:');
  return [...list.matchAll(/^- (\S+)$/gm)].map(([, task = '']) => task);
}

describe('nothing changed', () => {
  it('affects nothing', () => {
    expect(tasksOf(clone, ...SINCE_THE_COMMIT)).toEqual([]);
  });
});

describe.each([
  { kind: 'library', project: '@omni/health', untouched: '@omni/router', endToEnd: true },
  { kind: 'adapter', project: '@omni/node', untouched: '@omni/router', endToEnd: true },
  { kind: 'app', project: '@omni/demo-server', untouched: '@omni/ports', endToEnd: true },
  { kind: 'tool', project: 'tool-memory', untouched: '@omni/ports', endToEnd: false },
])('a break in one $kind', ({ project, untouched, endToEnd }) => {
  beforeEach(() => {
    heal = plantBreak(clone, graph.nodes[project]?.data.root ?? '', BREAKABLE);
  });

  it('affects what depends on it, and leaves the rest alone', () => {
    const tasks = tasksOf(clone, ...SINCE_THE_COMMIT);
    const own = Object.keys(graph.nodes[project]?.data.targets ?? {}).filter((name) =>
      TARGETS.includes(name),
    );
    expect(tasks).toEqual(expect.arrayContaining(own.map((target) => `${project}:${target}`)));
    expect(tasks.includes(END_TO_END)).toBe(endToEnd);
    expect(tasks.some((task) => task === `${untouched}:test` || task === `${untouched}:lint`)).toBe(false);
  });

  it('turns the run red, and nothing runs that it does not touch', () => {
    const { code, output } = runNx(clone, [...SINCE_THE_COMMIT, '--nxBail', '--outputStyle=static']);
    expect(code).not.toBe(0);
    expect(failedTasks(output).some((task) => task.startsWith(`${project}:`))).toBe(true);
    expect(output).not.toContain(`nx run ${untouched}:test`);
    expect(output).not.toContain(`nx run ${untouched}:lint`);
  });
});

describe('what depends on a project', () => {
  it('is affected by it, for every project', () => {
    const folders = Object.fromEntries(
      Object.entries(graph.nodes).map(([project, { data }]) => [project, data.root]),
    );
    const affected = affectedByEach(clone, folders);
    const missing = Object.keys(folders).flatMap((project) =>
      Object.keys(folders)
        .filter((other) => closureOf(graph, other).has(project) && !affected[project]?.includes(other))
        .map((other) => `${other} depends on ${project}, and is not affected by it`),
    );
    expect(missing).toEqual([]);
  });
});
