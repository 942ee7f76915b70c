import { constants, type FSWatcher, watch } from 'node:fs';
import { access, open, readdir } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { GatewayError, SecretBuffer, type SecretProvider } from '@omni/ports';
import { pathChangeableBy } from '../files/changeable-by.ts';
import { errorCode } from '../files/error-code.ts';

export interface FileSecretsOptions {
  /**
   * Each file below this folder is a secret, as Docker and Kubernetes mount them. Absent: names are absolute
   * paths.
   */
  readonly folder?: string;
}

/** Longest secret, in bytes: what Kubernetes takes. */
const MAX_BYTES = 1_048_576;
const MAX_NAMES = 10_000;
/** Writers make several changes, and a volume is swapped as a whole. */
const SETTLE_MS = 50;

/**
 * Secrets in files, without the line end at their end. Folders of those that were read are watched: also
 * where a whole volume is swapped by a link (`..data`).
 */
export class FileSecrets implements SecretProvider {
  readonly #folder: string | undefined;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #listeners = new Set<() => void>();
  /** Ends watchers that have told of a change. */
  readonly #changed = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ folder }: FileSecretsOptions = {}) {
    this.#folder = folder === undefined ? undefined : resolve(folder);
  }

  getName(): string {
    return this.#folder === undefined ? 'file-path' : 'mounted';
  }

  async isAvailable(): Promise<boolean> {
    if (this.#folder === undefined) return true;
    return access(this.#folder, constants.R_OK | constants.X_OK).then(
      () => true,
      () => false,
    );
  }

  async resolve(name: string): Promise<SecretBuffer | undefined> {
    const path = this.#pathOf(name);
    if (path === undefined) return undefined;
    this.#watch(dirname(path));
    // An empty folder means that there is no such secret; one that is not mounted means nothing.
    if (this.#folder !== undefined && !(await this.isAvailable())) throw unreadable(this.#folder);
    return readSecret(path);
  }

  store(name: string): Promise<void> {
    return Promise.reject(readOnly(name));
  }

  delete(name: string): Promise<boolean> {
    return Promise.reject(readOnly(name));
  }

  async list(): Promise<readonly string[]> {
    if (this.#folder === undefined) return [];
    try {
      const found = await readdir(this.#folder, { recursive: true, withFileTypes: true });
      return found
        .filter((entry) => entry.isFile() || entry.isSymbolicLink())
        .map((entry) => join(entry.parentPath, entry.name).slice((this.#folder ?? '').length + 1))
        .map((name) => name.split(sep).join('/'))
        .filter((name) => !name.split('/').some((part) => part.startsWith('.')))
        .toSorted((a, b) => (a < b ? -1 : 1))
        .slice(0, MAX_NAMES);
    } catch (cause) {
      throw unreadable(this.#folder, cause);
    }
  }

  subscribe(listener: () => void): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.#unwatch();
    };
  }

  #pathOf(name: string): string | undefined {
    if (this.#folder === undefined) return isAbsolute(name) ? name : undefined;
    // Hidden ones are what a volume is made of, and not its secrets.
    // guard: secrets/outside-folder
    if (name.split('/').some((part) => part === '' || part.startsWith('.') || part.includes('\\')))
      return undefined;
    return join(this.#folder, name);
  }

  /** What cannot be watched is read again when it has become old. */
  #watch(folder: string): void {
    if (this.#listeners.size === 0 || this.#watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#settle(forget));
      const forget = (): void => {
        watcher.close();
        if (this.#watchers.get(folder) === watcher) this.#watchers.delete(folder);
      };
      watcher.on('error', forget);
      this.#watchers.set(folder, watcher);
    } catch {
      // There is no such folder yet, or the system has no watchers left.
    }
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changed.clear();
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** @param forget - The folder may be another one: whoever reads it again watches what is there then. */
  #settle(forget: () => void): void {
    this.#changed.add(forget);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const end of this.#changed) end();
      this.#changed.clear();
      for (const listener of [...this.#listeners]) listener();
    }, SETTLE_MS).unref();
  }
}

/** @throws {@link GatewayError} `OMNI_SECRET_DENIED`, `OMNI_SECRET_UNAVAILABLE`. */
async function readSecret(path: string): Promise<SecretBuffer | undefined> {
  try {
    // Non-blocking: opening a pipe waits for a writer.
    await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const facts = await file.stat();
    // guard: secrets/file-kind
    if (!facts.isFile()) throw new GatewayError('OMNI_SECRET_DENIED', `${path} is no file`);
    const changer = await pathChangeableBy(path, facts);
    // guard: secrets/file-owner
    if (changer !== undefined && changer !== 'its group')
      throw new GatewayError('OMNI_SECRET_DENIED', `${path} can be changed by ${changer}`);
    if (facts.size > MAX_BYTES) throw new GatewayError('OMNI_SECRET_DENIED', `${path} is larger than 1 MiB`);
    const bytes = await file.readFile();
    const secret = new SecretBuffer(withoutLineEnd(bytes));
    bytes.fill(0);
    // guard: secrets/empty-file
    if (secret.bytes.length === 0)
      throw new GatewayError('OMNI_SECRET_CORRUPT', `${path} is empty`, {
        hint: 'Omni reads it again when something is written.',
      });
    return secret;
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'EACCES' || code === 'EPERM')
      throw new GatewayError('OMNI_SECRET_DENIED', `${path} may not be read by this user`, { cause: error });
    throw unreadable(path, error);
  }
}

function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  if (bytes[end - 1] === 0x0a) end--;
  if (end < bytes.length && bytes[end - 1] === 0x0d) end--;
  // A slice of a Buffer shares its bytes.
  return Uint8Array.from(bytes.subarray(0, end));
}

function unreadable(path: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'OMNI_SECRET_UNAVAILABLE',
    `${path} cannot be read (${errorCode(cause) ?? 'not there'})`,
    {
      ...(cause !== undefined && { cause }),
    },
  );
}

function readOnly(name: string): GatewayError {
  return new GatewayError('OMNI_SECRET_READ_ONLY', `The file of ${name} is not written by Omni`);
}
