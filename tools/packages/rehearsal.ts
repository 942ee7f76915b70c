/** A publication that nobody sees: to a registry of its own, and installed from there. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readmeExamples } from './examples.ts';
import type { Library } from './libraries.ts';
import { startRegistry } from './local-registry.ts';
import { npm } from './npm.ts';
import { exampleRows } from './project-rows.ts';
import { rowOf, type Row } from './row.ts';
import { installFor } from './stranger.ts';
import type { Tarball } from './tarballs.ts';
import type { World } from './worlds.ts';

/**
 * Publishes the tarballs as a release does, installs all libraries by name, compiles and runs their examples.
 *
 * @param folder - An empty folder outside of the workspace.
 */
export async function rehearse(
  world: World,
  folder: string,
  libraries: readonly Library[],
  tarballs: readonly Tarball[],
): Promise<Row[]> {
  mkdirSync(folder, { recursive: true });
  await using registry = await startRegistry(folder);
  const rows: Row[] = [];
  for (const { name, file } of tarballs) {
    const { code, output } = await npm(
      // A statement of provenance is made by a CI of which the registry knows the key.
      ['publish', file, '--provenance=false', '--ignore-scripts', ...registry.credentials],
      { cwd: dirname(file) },
    );
    rows.push(rowOf(name, 'any', 'publish', code === 0 ? [] : [output]));
  }
  if (rows.some(({ outcome }) => outcome !== 'ok')) return rows;
  const names = libraries.map(({ manifest }) => manifest.name);
  const project = await installFor(world, join(folder, 'project'), names, [
    `--@omni:registry=${registry.url}`,
  ]);
  const examples = readmeExamples(join(project.folder, 'node_modules'), libraries);
  const found = await exampleRows(project, examples);
  return [...rows, ...found.map((row) => ({ ...row, where: 'registry' }))];
}
