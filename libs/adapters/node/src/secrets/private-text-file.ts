import { randomBytes } from 'node:crypto';
import { constants, type FSWatcher, watch } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GatewayError, type SharedText } from '@omni/ports';
import { errorCode } from '../files/error-code.ts';
import { withFileLock } from './file-lock.ts';

const MAX_BYTES = 16 * 1_048_576;
const SETTLE_MS = 50;
/** Windows keeps others out by the rights of the profile folder, and has no modes. */
const HAS_MODES = process.platform !== 'win32';

/** A text in a file that only this user may read (mode 0600), replaced as a whole. */
export class PrivateTextFile implements SharedText {
  readonly place: string;

  /** @param path - Its folder is made when it is missing. */
  constructor(path: string) {
    this.place = path;
  }

  async read(): Promise<string | undefined> {
    try {
      await using file = await open(this.place, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
      const facts = await file.stat();
      // guard: secrets/private-mode
      if (HAS_MODES && ((facts.mode & 0o077) !== 0 || facts.uid !== process.getuid?.()))
        throw new GatewayError('OMNI_SECRET_DENIED', `Others can read or own ${this.place}`, {
          hint: `Make it your own: chmod 600 ${this.place}; if somebody may have read it, set other secrets.`,
        });
      if (!facts.isFile() || facts.size > MAX_BYTES)
        throw new GatewayError('OMNI_SECRET_DENIED', `${this.place} is no file, or larger than 16 MiB`);
      return await file.readFile('utf8');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw this.#failure(error);
    }
  }

  async change(change: (text: string | undefined) => string | Promise<string>): Promise<void> {
    try {
      await withFileLock(this.place, async () => this.#replace(await change(await this.read())));
    } catch (error) {
      throw this.#failure(error);
    }
  }

  subscribe(listener: () => void): () => void {
    let timer: NodeJS.Timeout | undefined;
    let watcher: FSWatcher | undefined;
    const name = basename(this.place);
    try {
      // The folder: a file that is replaced is another one.
      watcher = watch(dirname(this.place), { persistent: false }, (_event, changed) => {
        if (changed !== null && changed !== name) return;
        timer ??= setTimeout(() => {
          timer = undefined;
          listener();
        }, SETTLE_MS).unref();
      });
      watcher.on('error', () => watcher?.close());
    } catch {
      // There is no folder yet: what stands in it later is read when values have become old.
    }
    return () => {
      clearTimeout(timer);
      watcher?.close();
    };
  }

  /** Written aside, and durable before it takes the place of the other: nobody ever sees half of it. */
  async #replace(text: string): Promise<void> {
    const folder = dirname(this.place);
    const aside = join(folder, `.${basename(this.place)}.${randomBytes(6).toString('hex')}`);
    try {
      const file = await open(aside, 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(aside, this.place);
    } catch (error) {
      await unlink(aside).catch(() => {});
      throw error;
    }
    await syncFolder(folder);
  }

  #failure(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error;
    const code = errorCode(error) ?? 'unknown reason';
    const isDenied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
    return new GatewayError(
      isDenied ? 'OMNI_SECRET_DENIED' : 'OMNI_SECRET_UNAVAILABLE',
      `${this.place} cannot be read or written (${code})`,
      { cause: error },
    );
  }
}

/** A name is durable when its folder is; not every system lets a folder be opened. */
async function syncFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder, 'r');
    await handle.sync();
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EINVAL', 'EACCES'].includes(errorCode(error) ?? '')) throw error;
  }
}
