/** What works in a stranger's project: imports, types, examples. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Example } from './examples.ts';
import { entriesOf, type Library } from './libraries.ts';
import { run, type Finished } from './process.ts';
import { rowOf, type Row } from './row.ts';
import type { StrangersProject } from './stranger.ts';
import { checkDeclarations, checkExamples, COMPILED, RESOLUTIONS } from './type-check.ts';

const IMPORT_MS = 60_000;
const EXAMPLE_MS = 120_000;

interface LockEntry {
  readonly hasInstallScript?: boolean;
}

/** How a table names the world of a project. */
export function placeOf({ world }: StrangersProject): string {
  return `Node ${world.nodeVersion}`;
}

/** Whether nobody misses the scripts that are not run: no package of the tree has one for its install. */
export function scriptRow(project: StrangersProject): Row {
  const file = join(project.folder, 'node_modules/.package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, LockEntry> }; // npm's
  const found = Object.entries(lock.packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => `${path} wants to run a script when it is installed`);
  return rowOf('all', placeOf(project), 'no scripts', found);
}

/**
 * Imports each entry in a process of its own, which must end by itself and say nothing. An entry that needs
 * an optional peer is skipped: whoever uses it has that.
 */
export async function importRows(project: StrangersProject, libraries: readonly Library[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { manifest } of libraries) {
    const complaints: string[] = [];
    const skipped: string[] = [];
    for (const entry of entriesOf(manifest)) {
      const finished = await runNode(
        project,
        ['--input-type=module', '-e', `await import(${JSON.stringify(entry)})`],
        IMPORT_MS,
      );
      if (finished.code === 0 && finished.output === '') continue;
      const missing = /Cannot find package '([^']+)'/.exec(finished.output)?.[1] ?? '';
      if (manifest.peerDependenciesMeta?.[missing]?.optional === true)
        skipped.push(`${entry} needs the optional peer ${missing}`);
      else complaints.push(`import of ${entry} ${endOf(finished)}`);
    }
    const row = rowOf(manifest.name, placeOf(project), 'import', complaints);
    const isSkipped = row.outcome === 'ok' && skipped.length > 0;
    rows.push(isSkipped ? { ...row, outcome: 'skipped', detail: skipped.join('\n') } : row);
  }
  return rows;
}

/** Compiles the declarations of all libraries under each kind of module resolution. */
export async function typeRows(project: StrangersProject, libraries: readonly Library[]): Promise<Row[]> {
  const complaints = new Map<string, string[]>(libraries.map(({ manifest }) => [manifest.name, []]));
  for (const resolution of Object.keys(RESOLUTIONS) as (keyof typeof RESOLUTIONS)[])
    // its own keys
    for (const [of, lines] of await checkDeclarations(project, libraries, resolution))
      complaints.set(of, [...(complaints.get(of) ?? []), ...lines.map((line) => `${resolution}: ${line}`)]);
  return [...complaints].map(([of, lines]) => rowOf(of, placeOf(project), 'types', lines));
}

/**
 * Compiles the examples and runs what comes out, since the oldest Node does not know all of their syntax; one
 * row for what they belong to.
 */
export async function exampleRows(project: StrangersProject, examples: readonly Example[]): Promise<Row[]> {
  const complaints = new Map<string, string[]>(examples.map(({ of }) => [of, []]));
  for (const [of, lines] of await checkExamples(project, examples))
    complaints.set(of, [...(complaints.get(of) ?? []), ...lines]);
  for (const { of, name } of examples) {
    const finished = await runNode(project, [join(COMPILED, `${name}.js`)], EXAMPLE_MS);
    if (finished.code !== 0) complaints.get(of)?.push(`${name} ${endOf(finished)}`);
  }
  return [...complaints].map(([of, lines]) => rowOf(of, placeOf(project), 'example', lines));
}

function runNode(
  { folder, world }: StrangersProject,
  args: readonly string[],
  timeoutMs: number,
): Promise<Finished> {
  const { PATH: path = '', HOME: home = '', TMPDIR: temporary } = process.env;
  return run(world.node, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: folder,
    timeoutMs,
    env: { PATH: path, HOME: home, NO_COLOR: '1', ...(temporary === undefined ? {} : { TMPDIR: temporary }) },
  });
}

function endOf({ code, output }: Finished): string {
  return `${code === null ? 'did not end' : `ended with ${code}`}: ${output.trim().slice(0, 2_000)}`;
}
