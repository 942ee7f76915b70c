import { type FSWatcher, watch } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface ConfigWatchOptions {
  /** File or folder of the configuration. */
  readonly path: string;
  /** Told that something may have changed; often more than once, now and then for nothing. */
  readonly onChange: () => void;
}

/** What a folder of a configuration may hold. */
const RELEVANT = /\.(?:ya?ml|jsonc?|toml)$|^servers$|^\.\./i;

/**
 * Watches the folders of a configuration: a file that is replaced is another one. Links are followed, so that
 * a volume of Kubernetes is seen when it is swapped as a whole (`..data`).
 *
 * Where the system takes no watch, such as on some network drives, nothing is told.
 */
export class ConfigWatch {
  readonly #options: ConfigWatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
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
    const isFolder = !paths.includes(path);
    const folders = new Set([...paths, ...real].map((file) => dirname(file)));
    if (isFolder) folders.add(path).add(join(path, 'servers'));
    this.#names = new Set([path, ...paths, ...real].map((file) => basename(file)));
    for (const [folder, watcher] of this.#watchers)
      if (!folders.has(folder)) {
        watcher.close();
        this.#watchers.delete(folder);
      }
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#watch(folder, isFolder);
  }

  close(): void {
    this.#isClosed = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string, isFolder: boolean): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        const isRelevant =
          name === null || this.#names.has(name) || (isFolder ? RELEVANT.test(name) : name.startsWith('..'));
        if (isRelevant) this.#options.onChange();
      });
      watcher.on('error', () => {
        watcher.close();
        this.#watchers.delete(folder);
      });
      this.#watchers.set(folder, watcher);
    } catch {
      // There is no such folder, or the system takes no more watches.
    }
  }
}
