import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT: string = join(import.meta.dirname, '../..');
const NX = join(ROOT, 'node_modules/nx/dist/bin/nx.js');

export interface NxRun {
  readonly code: number;
  readonly output: string;
}

/** A project as Nx sees it. */
export interface NxProject {
  readonly root: string;
  readonly projectType?: string;
  readonly tags?: readonly string[];
  readonly targets: Readonly<Record<string, NxTarget>>;
}

export interface NxTarget {
  readonly inputs?: readonly unknown[];
  readonly options?: { readonly command?: string };
}

export interface NxGraph {
  readonly nodes: Readonly<Record<string, { readonly data: NxProject }>>;
  readonly dependencies: Readonly<Record<string, readonly { readonly target: string }[]>>;
}

/** Runs Nx to its end. What an Nx around this process has told it is not handed on. */
export function runNx(root: string, argv: readonly string[], more: NodeJS.ProcessEnv = {}): NxRun {
  return runNode(root, [NX, ...argv], more);
}

function runNode(root: string, argv: readonly string[], more: NodeJS.ProcessEnv = {}): NxRun {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:NX_|FORCE_COLOR)/.test(name));
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...Object.fromEntries(own), NX_DAEMON: 'false', NO_COLOR: '1', ...more },
  });
  return { code: status ?? 1, output: `${stdout}${stderr}` };
}

/** @returns What a command of Nx writes to the file that `--graph` or `--file` names. */
function written<T>(root: string, argv: readonly string[], option: string): T {
  const folder = mkdtempSync(join(tmpdir(), 'omni-graph-'));
  const file = join(folder, 'graph.json');
  try {
    const { code, output } = runNx(root, [...argv, `--${option}=${file}`]);
    if (code !== 0) throw new Error(output);
    // What Nx writes has this form.
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function graphOf(root: string): NxGraph {
  return written<{ graph: NxGraph }>(root, ['graph'], 'file').graph;
}

/** @returns The tasks, as `project:target`, that a command such as `affected -t test` would run. */
export function tasksOf(root: string, ...argv: readonly string[]): readonly string[] {
  const { tasks } = written<{ tasks: { tasks: Record<string, unknown> } }>(root, argv, 'graph');
  return Object.keys(tasks.tasks);
}

/**
 * Asks the part of Nx that `nx affected` asks, in one process: thirty of them would take half a minute.
 *
 * @param folders - Of the projects, by name.
 * @returns For each project the projects that a change of one of its files affects.
 */
export function affectedByEach(
  root: string,
  folders: Readonly<Record<string, string>>,
): Readonly<Record<string, readonly string[]>> {
  const nx = join(ROOT, 'node_modules/nx/dist/src/project-graph');
  const script = `
    const { createProjectGraphAsync } = require(${JSON.stringify(join(nx, 'project-graph.js'))});
    const { filterAffected } = require(${JSON.stringify(join(nx, 'affected/affected-project-graph.js'))});
    const { WholeFileChange } = require(${JSON.stringify(join(nx, 'file-utils.js'))});
    createProjectGraphAsync().then(async (graph) => {
      const affected = {};
      for (const [project, folder] of Object.entries(${JSON.stringify(folders)})) {
        const file = require('node:path').join(folder, 'changed.ts');
        const change = { file, hash: 'x', getChanges: () => [new WholeFileChange()] };
        affected[project] = Object.keys((await filterAffected(graph, [change])).nodes);
      }
      console.log(JSON.stringify(affected));
      process.exit(0);
    });`;
  const { code, output } = runNode(root, ['-e', script]);
  if (code !== 0) throw new Error(output);
  return JSON.parse(output);
}

/** @returns The project and everything that it depends on, directly or not. */
export function closureOf({ dependencies }: NxGraph, project: string): ReadonlySet<string> {
  const closure = new Set<string>();
  const left = [project];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (closure.has(name)) continue;
    closure.add(name);
    left.push(...(dependencies[name] ?? []).map(({ target }) => target));
  }
  return closure;
}
