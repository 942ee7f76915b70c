import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from './error-code.ts';

/**
 * Makes a folder that only this user can look into (mode 0700), and those above it that are missing. One that
 * is there stays as it is.
 *
 * Not `mkdir` with `recursive`: where a parent is there and takes no folders, as below `/proc`, that one of
 * Node 24 never returns.
 *
 * @throws An error of the system, e.g. `ENOENT`, `EACCES`, `EEXIST` for a file in its place.
 */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { /* guard: files/private-folder */ mode: 0o700 });
  } catch (error) {
    const parent = dirname(path);
    if (errorCode(error) === 'ENOENT' && parent !== path && !(await isFolder(parent))) {
      await makePrivateFolder(parent);
      await makePrivateFolder(path);
    } else if (!(await isFolder(path))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
