/** The whole check: build, pack, install, compile, run, publish to nobody. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildClean } from './clean-build.ts';
import { hostsOf, readmeExamples } from './examples.ts';
import { librariesOf, type Library } from './libraries.ts';
import { packageRows } from './package-rows.ts';
import { installPins, WithoutNetwork } from './pins.ts';
import { exampleRows, importRows, scriptRow, typeRows } from './project-rows.ts';
import { rehearse } from './rehearsal.ts';
import { rowOf, type Row } from './row.ts';
import { installFor, type StrangersProject } from './stranger.ts';
import { advisoryRow, sbomRow } from './supply-rows.ts';
import { packAll, type Tarball } from './tarballs.ts';
import { worldsOf, type World } from './worlds.ts';

export interface CheckResult {
  readonly rows: readonly Row[];
  readonly tarballs: readonly Tarball[];
  /** What was not tried on this machine, and why. */
  readonly notes: readonly string[];
  /** Folder that holds the bill of materials; `undefined` when nothing could be installed. */
  readonly project: string | undefined;
}

/**
 * @param root - Of the workspace.
 * @param folder - An empty folder outside of it, for everything that is made.
 * @param say - Told what begins.
 */
export async function checkPackages(
  root: string,
  folder: string,
  say: (line: string) => void,
): Promise<CheckResult> {
  const libraries = librariesOf(root);
  const tarballs = await builtAndPacked(root, join(folder, 'one'), libraries, say);
  const others = await builtAndPacked(root, join(folder, 'another-place'), libraries, say);
  const rows = packageRows(join(folder, 'one'), libraries, tarballs, others);
  const notes: string[] = [];
  let project: StrangersProject | undefined;
  try {
    await installPins();
    const found = await worldsOf(root);
    notes.push(...found.notes);
    for (const world of found.worlds) {
      say(`installing and trying everything with Node ${world.nodeVersion}, TypeScript ${world.tscVersion}`);
      const tried = await worldRows(root, world, join(folder, world.name), libraries, tarballs);
      rows.push(...tried.rows);
      if (tried.project !== undefined) project ??= tried.project;
    }
    const world = found.worlds[0];
    if (world !== undefined && project !== undefined) {
      say('publishing to a registry of this machine, and installing from it');
      rows.push(...(await rehearse(world, join(folder, 'rehearsal'), libraries, tarballs)));
      rows.push(await sbomRow(project, libraries), await advisoryRow(project));
    }
  } catch (error) {
    if (!(error instanceof WithoutNetwork)) throw error;
    // Skipping it would be kept by the cache as a success, after which nothing was ever tried.
    rows.push(
      rowOf('all', 'any', 'install', [`${error.message}; npm test -- --skip packages leaves it out`]),
    );
  }
  return { rows, tarballs, notes, project: project?.folder };
}

async function builtAndPacked(
  root: string,
  workspace: string,
  libraries: readonly Library[],
  say: (line: string) => void,
): Promise<Tarball[]> {
  const folders = libraries.map(({ folder }) => folder);
  const packed = `${workspace}-tarballs`;
  mkdirSync(workspace, { recursive: true });
  mkdirSync(packed, { recursive: true });
  say(`building and packing ${folders.length} libraries from their sources alone`);
  await buildClean(root, workspace, folders);
  return packAll(workspace, folders, packed);
}

async function worldRows(
  root: string,
  world: World,
  folder: string,
  libraries: readonly Library[],
  tarballs: readonly Tarball[],
): Promise<{ rows: Row[]; project: StrangersProject | undefined }> {
  const where = `Node ${world.nodeVersion}`;
  let project: StrangersProject;
  try {
    project = await installFor(
      world,
      folder,
      tarballs.map(({ file }) => file),
    );
  } catch (error) {
    if (error instanceof WithoutNetwork || !(error instanceof RangeError)) throw error;
    return { rows: [rowOf('all', where, 'install', [error.message])], project: undefined };
  }
  const examples = [
    ...readmeExamples(join(folder, 'node_modules'), libraries),
    ...hostsOf(join(root, 'docs/examples')),
  ];
  const rows = [
    rowOf('all', where, 'install', []),
    scriptRow(project),
    ...(await importRows(project, libraries)),
    ...(await typeRows(project, libraries)),
    ...(await exampleRows(project, examples)),
  ];
  return { rows, project };
}
