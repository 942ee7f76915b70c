import { randomBytes } from 'node:crypto';
import { open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from './error-code.ts';

/** Of a file that was not there. */
const NEW_MODE = 0o600;

/**
 * Puts a text into a file, with the rights of the former one; whoever reads meanwhile reads either of them.
 *
 * @param path - Of a link, what it leads to is replaced.
 * @throws An error of the system, e.g. `EACCES`, `EROFS`, `ENOSPC`.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = (await found(realpath(path))) ?? path;
  const mode = (await found(stat(target)))?.mode ?? NEW_MODE;
  const aside = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  try {
    const file = await open(aside, 'wx', mode & 0o777);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, target);
  } catch (error) {
    await unlink(aside).catch(() => {});
    throw error;
  }
}

async function found<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
