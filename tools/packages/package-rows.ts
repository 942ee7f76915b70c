/** What manifests and tarballs show by themselves, without installing anything. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bounds } from './bounds.mjs';
import { blocksOf } from './examples.ts';
import type { Library } from './libraries.ts';
import { readManifest } from './libraries.ts';
import { manifestFaults } from './manifest-faults.ts';
import { rowOf, type Row } from './row.ts';
import { tarballFaults } from './tarball-faults.ts';
import type { Tarball } from './tarballs.ts';

const ANYWHERE = 'any';

/**
 * @param workspace - Folder of the built workspace.
 * @param libraries - In the order of the tarballs.
 * @param tarballs - What was packed from that workspace.
 * @param others - What was packed from another build of the same sources, in the same order.
 */
export function packageRows(
  workspace: string,
  libraries: readonly Library[],
  tarballs: readonly Tarball[],
  others: readonly Tarball[],
): Row[] {
  const repository = readManifest(workspace).repository?.url ?? '';
  const licence = readFileSync(join(workspace, 'LICENSE'), 'utf8');
  return libraries.flatMap(({ folder, manifest }, index) => {
    const { name } = manifest;
    const tarball = tarballs[index];
    if (tarball?.name !== name) return [rowOf(name, ANYWHERE, 'tarball', ['npm pack made none'])];
    const readme = readFileSync(join(workspace, folder, 'README.md'), 'utf8');
    const examples = blocksOf(readme);
    const read = (path: string): string => readFileSync(join(workspace, folder, path), 'utf8');
    return [
      rowOf(
        name,
        ANYWHERE,
        'manifest',
        manifestFaults(manifest, { ...bounds(), folder, repository, readme, examples }),
      ),
      rowOf(name, ANYWHERE, 'tarball', tarballFaults(manifest, { files: tarball.files, read, licence })),
      rowOf(
        name,
        ANYWHERE,
        'same bytes',
        others[index]?.sha256 === tarball.sha256 ? [] : ['two builds of the same sources differ'],
      ),
    ];
  });
}
