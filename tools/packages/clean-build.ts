/** Builds all libraries from their sources in a folder of its own: nothing that lay about gets packed. */
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readManifest } from './libraries.ts';
import { run } from './process.ts';

/** What is made from sources, and what belongs to a machine. */
const MADE = new Set(['dist', 'out-tsc', 'node_modules', 'coverage', '.test-results']);
const COPIED = ['package.json', 'tsconfig.base.json', 'LICENSE', 'libs'];

/**
 * @param root - Of the workspace.
 * @param into - An empty folder; it becomes a workspace of the libraries alone.
 * @param folders - Of the libraries, relative.
 * @throws RangeError with the compiler's words.
 */
export async function buildClean(root: string, into: string, folders: readonly string[]): Promise<void> {
  for (const path of COPIED)
    cpSync(join(root, path), join(into, path), {
      recursive: true,
      filter: (source) => !MADE.has(source.slice(source.lastIndexOf('/') + 1)),
    });
  linkPackages(root, into, folders);
  const { code, output } = await run(
    process.execPath,
    [join(root, 'node_modules/@typescript/native/bin/tsc'), '-b'].concat(
      folders.map((folder) => join(folder, 'tsconfig.lib.json')),
    ),
    { cwd: into },
  );
  if (code !== 0) throw new RangeError(`the libraries do not build:\n${output}`);
}

/** The installed packages of the workspace, with the copies in the place of its own libraries. */
export function linkPackages(root: string, into: string, folders: readonly string[]): void {
  for (const folder of ['', ...folders]) {
    const installed = join(root, folder, 'node_modules');
    if (!existsSync(installed)) continue;
    mkdirSync(join(into, folder, 'node_modules'), { recursive: true });
    for (const name of readdirSync(installed))
      if (name !== '@omni' && !name.startsWith('.'))
        symlinkSync(join(installed, name), join(into, folder, 'node_modules', name));
  }
  for (const folder of folders) {
    const link = join(into, 'node_modules', readManifest(join(into, folder)).name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(into, folder), link, 'dir');
  }
}
