import { type FSWatcher, watch } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface ConfigWatchOptions {
  /** File or folder of the configuration. */
  readonly path: string;
  /** Names of files of a folder that may be read, without extension. */
  readonly baseNames: readonly string[];
  /** Told that something may have changed; often more than once, now and then for nothing. */
  readonly onChange: () => void;
}

const EXTENSION = /\.(?:ya?ml|jsonc?|toml)$/;
const SERVERS = 'servers';

/** A folder that is watched; another one may stand in its place by now. */
interface Watched {
  readonly watcher: FSWatcher;
  /** Numbers are used again: with the time at which it was made. */
  readonly inode: string;
}

/**
 * Watches the folders of a configuration: a file that is replaced is another one. Links are followed, so that
 * a volume of Kubernetes is seen when it is swapped as a whole (`..data`).
 *
 * Where the system takes no watch, such as on some network drives, nothing is told.
 */
export class ConfigWatch {
  readonly #options: ConfigWatchOptions;
  readonly #watched = new Map<string, Watched>();
  /** Names of files that were read, whatever their extension. */
  #names: ReadonlySet<string> = new Set();
  #isClosed = false;

  constructor(options: ConfigWatchOptions) {
    this.#options = options;
  }

  /** @param paths - Of the files that were read. Called again after each reading. */
  async follow(paths: readonly string[]): Promise<void> {
    const real = await Promise.all(paths.map((path) => realpath(path).catch(() => path)));
    if (this.#isClosed) return;
    const { path } = this.#options;
    const folders = new Set([...paths, ...real].map((file) => dirname(file)));
    const isFolder = !paths.includes(path);
    if (isFolder) folders.add(path).add(join(path, SERVERS));
    this.#names = new Set([path, ...paths, ...real].map((file) => basename(file)));
    const inodes = new Map<string, string | undefined>();
    for (const folder of folders) inodes.set(folder, await inodeOf(folder));
    if (this.#isClosed) return;
    for (const [folder, { watcher, inode }] of this.#watched)
      if (!folders.has(folder) || inode !== inodes.get(folder)) {
        watcher.close();
        this.#watched.delete(folder);
      }
    for (const [folder, inode] of inodes)
      if (inode !== undefined && !this.#watched.has(folder)) this.#watch(folder, inode);
  }

  close(): void {
    this.#isClosed = true;
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }

  #watch(folder: string, inode: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || this.#isRelevant(folder, name)) this.#options.onChange();
      });
      watcher.on('error', () => {
        watcher.close();
        this.#watched.delete(folder);
      });
      this.#watched.set(folder, { watcher, inode });
    } catch {
      // It has gone, or the system takes no more watches.
    }
  }

  /** What else lies in a folder may change all the time. */
  #isRelevant(folder: string, name: string): boolean {
    const { path, baseNames } = this.#options;
    // The name of the folder itself: it was moved or removed. Two dots: a volume of Kubernetes.
    if (this.#names.has(name) || name === basename(folder) || name.startsWith('..')) return true;
    if (folder === path)
      return (
        name === SERVERS ||
        (EXTENSION.test(name) &&
          /* guard: watch/other-files */ baseNames.includes(name.replace(EXTENSION, '')))
      );
    return folder === join(path, SERVERS) && EXTENSION.test(name) && !name.startsWith('.');
  }
}

async function inodeOf(path: string): Promise<string | undefined> {
  return await stat(path).then(
    ({ dev, ino, birthtimeMs }) => [dev, ino, birthtimeMs].join(' '),
    () => undefined,
  );
}
