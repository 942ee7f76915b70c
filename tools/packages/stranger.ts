/** A project of somebody who has the tarballs and nothing else. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isWithoutNetwork, npm, QUIET } from './npm.ts';
import { WithoutNetwork } from './pins.ts';
import type { World } from './worlds.ts';

/** A folder with node_modules, in which one kind of Node runs. */
export interface StrangersProject {
  readonly folder: string;
  readonly world: World;
}

/**
 * Installs packages as a stranger would, but strictly: a package whose `engines` refuse this Node fails.
 *
 * @param folder - Empty, outside of the workspace.
 * @param packages - What `npm install` is given: files or names.
 * @throws {@link WithoutNetwork} when the registry is needed and cannot be reached; RangeError with the words
 * of npm.
 */
export async function installFor(
  world: World,
  folder: string,
  packages: readonly string[],
  registry: readonly string[] = [],
): Promise<StrangersProject> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'stranger', version: '1.0.0', private: true, type: 'module' }),
  );
  const finished = await npm(
    ['install', ...QUIET, '--engine-strict', ...registry, ...packages, `@types/node@${world.nodeTypes}`],
    { cwd: folder, node: world.node },
  );
  if (isWithoutNetwork(finished))
    throw new WithoutNetwork(
      'third-party packages cannot be installed: no registry can be reached, and the cache of npm lacks some',
    );
  if (finished.code !== 0) throw new RangeError(finished.output);
  return { folder, world };
}
