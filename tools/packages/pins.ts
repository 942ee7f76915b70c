/** Programs that only this check needs: pinned in `pins/`, installed when they are asked for. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isWithoutNetwork, npm, QUIET } from './npm.ts';

export const PINS = fileURLToPath(new URL('pins', import.meta.url));
const MODULES = join(PINS, 'node_modules');
const STAMP = join(MODULES, '.installed-lock');

/** The registry could not be reached, and the cache of npm does not hold what is needed. */
export class WithoutNetwork extends Error {
  override readonly name = 'WithoutNetwork';
}

/**
 * Installs the pins when that has not been done for the present lock.
 *
 * @throws {@link WithoutNetwork}; RangeError with npm's words when it failed for another reason.
 */
export async function installPins(): Promise<void> {
  const lock = createHash('sha256')
    .update(readFileSync(join(PINS, 'package-lock.json')))
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return;
  process.stderr.write('packages: installing the pinned Nodes and tools (npm ci in tools/packages/pins)\n');
  const finished = await npm(['ci', ...QUIET], { cwd: PINS });
  if (isWithoutNetwork(finished))
    throw new WithoutNetwork('tools/packages/pins cannot be installed: no registry can be reached');
  if (finished.code !== 0) throw new RangeError(`npm ci failed in tools/packages/pins:\n${finished.output}`);
  writeFileSync(STAMP, lock);
}

/** @returns Path inside an installed pin; `undefined` when this platform has none of that name. */
export function pinnedFile(path: string): string | undefined {
  const file = join(MODULES, path);
  return existsSync(file) ? file : undefined;
}
