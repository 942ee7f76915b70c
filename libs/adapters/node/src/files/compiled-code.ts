import { existsSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { constants, enableCompileCache, getCompileCacheDir } from 'node:module';
import { join } from 'node:path';
import { errorCode } from './error-code.ts';
import { makePrivateFolder } from './private-folder.ts';
import { stateDirectory } from './state-directory.ts';

const FOLDER = 'compile-cache';
const OTHERS = 0o077;

/**
 * Lets Node keep the code that it has compiled from one start to the next, in the state folder once there is
 * one. What stands there runs at the next start, so that the folder has to be this user's alone. Counts for
 * what is loaded afterwards; `NODE_COMPILE_CACHE` and `NODE_DISABLE_COMPILE_CACHE` go before.
 *
 * @param user - Id of the user whose folder it has to be. Default: that of this process.
 * @returns Why none is kept; `undefined` where it is, and where the environment says otherwise.
 */
export async function keepCompiledCode(
  environment: Readonly<Record<string, string | undefined>>,
  user = process.getuid?.(),
): Promise<string | undefined> {
  if (getCompileCacheDir() !== undefined) return undefined;
  const state = stateDirectory(environment);
  // A start that fails leaves nothing behind.
  if (!existsSync(state)) return undefined;
  const folder = join(state, FOLDER);
  try {
    await makePrivateFolder(folder);
    const { uid, mode } = await lstat(folder);
    // guard: files/compiled-code
    if (user !== undefined && (uid !== user || (mode & OTHERS) !== 0))
      return `${folder} is not this user's alone (mode 0700)`;
  } catch (error) {
    return `${folder} cannot be used (${errorCode(error) ?? 'unknown'})`;
  }
  const { status, message } = enableCompileCache(folder);
  return status === constants.compileCacheStatus.FAILED
    ? `${folder}: ${message ?? 'Node refuses'}`
    : undefined;
}
