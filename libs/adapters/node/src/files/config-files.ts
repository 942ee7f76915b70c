import { constants, type Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { GatewayError } from '@omni/ports';
import type { OwnershipFacts } from './changeable-by.ts';

/** One configuration text; fits `ConfigSource` of `@omni/config`. */
export interface ConfigFile {
  readonly path: string;
  /** The same, absolute. */
  readonly place: string;
  readonly text: string;
  /** `base` holds any setting; `server` is one file of `servers/`. */
  readonly role: 'base' | 'server';
  /** Of what was read. */
  readonly facts?: OwnershipFacts;
  /** Why a file of `servers/` could not be read; `text` is empty then. */
  readonly flaw?: string;
  /** Another one whenever the file was replaced or written to. */
  readonly mark: string;
}

export interface ConfigFilesOptions {
  /** Picks `<environment>.yaml` of a folder, see {@link environmentName}. None when absent. */
  readonly environment?: string | undefined;
}

/** Longest file, in bytes. */
const MAX_BYTES = /* guard: files/size */ 1_048_576;
/** Most files of `servers/`. */
const MAX_SERVER_FILES = 900;
const EXTENSIONS = ['.yaml', '.yml', '.json', '.jsonc', '.toml'];
const ENVIRONMENT_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Name of the environment whose file is read: `OMNI_ENV`, or else `ENV` where that is a name (S000-CFG-05).
 * Shells keep the path of a file in `ENV`.
 */
export function environmentName(
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const { OMNI_ENV: own = '', ENV: common = '' } = environment;
  if (own !== '') return own;
  return ENVIRONMENT_PATTERN.test(common) ? common : undefined;
}

/**
 * Reads the files of a configuration, lowest precedence first.
 *
 * A file is read as it is. A folder gives `default`, `<environment>` and `local` (or `omni` when none of them
 * is there), then `servers/*` by name; each `.yaml`, `.yml`, `.json`, `.jsonc` or `.toml`, each optional
 * (S000-CFG-01). A file of `servers/` that cannot be read has a `flaw`.
 *
 * @param path - File or folder; symbolic links are followed.
 * @returns At least one file, UTF-8 decoded, without byte order mark.
 * @throws {@link GatewayError} `OMNI_CONFIG_UNREADABLE`: missing, not permitted, neither file nor folder, not
 * UTF-8, longer than
 *   1 MiB, or a folder without configuration. Never waits on a pipe or a device.
 */
export async function readConfigSources(
  path: string,
  { environment }: ConfigFilesOptions = {},
): Promise<readonly ConfigFile[]> {
  const facts = await statOf(path);
  if (facts === undefined) throw unreadable(path, 'does not exist');
  if (!facts.isDirectory()) return [await readConfigFile(path, 'base')];

  const files = [
    ...(await readBaseFiles(path, environment)),
    ...(await readServerFiles(join(path, 'servers'))),
  ];
  if (files.length > 0) return files;
  throw unreadable(path, 'holds no default.yaml, local.yaml, omni.yaml or servers/*.yaml');
}

/** What files of a folder may be called, without extension. */
export function baseNamesOf(environment: string | undefined): readonly string[] {
  return [...layerNames(environment), 'omni'];
}

/** Lowest precedence first. */
function layerNames(environment: string | undefined): ReadonlySet<string> {
  // A set: OMNI_ENV may be "local" or "default", and no file is to be read twice.
  return new Set(['default', ...(environment ? [environment] : []), 'local']);
}

async function readBaseFiles(
  folder: string,
  environment: string | undefined,
): Promise<readonly ConfigFile[]> {
  // guard: files/environment
  if (environment !== undefined && environment !== '' && !ENVIRONMENT_PATTERN.test(environment)) {
    throw unreadable(folder, 'cannot be searched for the file of OMNI_ENV: its value is no file name');
  }
  const layers: ConfigFile[] = [];
  for (const name of layerNames(environment)) layers.push(...(await readVariant(folder, name)));
  return layers.length > 0 ? layers : readVariant(folder, 'omni');
}

/** The one file of this name, whatever its extension. */
async function readVariant(folder: string, name: string): Promise<readonly ConfigFile[]> {
  const found: string[] = [];
  for (const extension of EXTENSIONS) {
    const path = join(folder, name + extension);
    if ((await statOf(path)) !== undefined) found.push(path);
  }
  const [path, second] = found;
  if (path === undefined) return [];
  if (second !== undefined) throw unreadable(second, `stands beside ${path}; keep one`);
  return [await readConfigFile(path, 'base')];
}

async function readServerFiles(folder: string): Promise<readonly ConfigFile[]> {
  const facts = await statOf(folder);
  if (facts === undefined) return [];
  if (!facts.isDirectory()) throw unreadable(folder, 'is not a folder');
  const names = await attempt(folder, () => readdir(folder));
  const wanted = names
    .filter((name) => !name.startsWith('.') && EXTENSIONS.some((extension) => name.endsWith(extension)))
    .sort();
  if (wanted.length > MAX_SERVER_FILES)
    throw unreadable(folder, `holds ${wanted.length} files; at most ${MAX_SERVER_FILES} are read`);
  const files: ConfigFile[] = [];
  for (const name of wanted) files.push(await readServerFile(join(folder, name)));
  return files;
}

/** One server is no reason to stop the others. */
async function readServerFile(path: string): Promise<ConfigFile> {
  try {
    return await readConfigFile(path, 'server');
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const flaw = error.message.slice(path.length + 1);
    return { path, place: resolve(path), text: '', role: 'server', flaw, mark: flaw };
  }
}

async function readConfigFile(path: string, role: ConfigFile['role']): Promise<ConfigFile> {
  const found = await statOf(path);
  if (found === undefined) throw unreadable(path, 'does not exist');
  refuseUnlessFile(path, found);
  const { bytes, facts } = await attempt(path, () => readBounded(path));
  const kind = encodingOf(bytes);
  if (kind !== undefined) throw unreadable(path, kind.words, undefined, kind.hint);
  try {
    return {
      path,
      place: resolve(path),
      text: new TextDecoder('utf-8', { fatal: /* guard: files/utf8 */ true }).decode(bytes),
      role,
      facts,
      mark: markOf(facts),
    };
  } catch (cause) {
    throw unreadable(path, 'is not UTF-8 text', cause, 'Save it as UTF-8; most editors can.');
  }
}

/** What else than UTF-8 the first bytes say; Windows PowerShell writes UTF-16. */
function encodingOf([first, second, third]: Uint8Array):
  { readonly words: string; readonly hint: string } | undefined {
  const hint = 'Save it as UTF-8; most editors can, and so can PowerShell: Set-Content -Encoding utf8.';
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return { words: 'is UTF-16 text', hint };
  if (first === 0 || (second === 0 && third !== 0))
    return { words: 'is UTF-16 text or no text at all', hint };
  if (first === 0x50 && second === 0x4b && (third === 3 || third === 5))
    return {
      words: 'is a ZIP archive, such as a bundle (.mcpb), and no configuration',
      hint: 'Install the bundle, and name what it starts under "mcpServers".',
    };
  return undefined;
}

function markOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(' ');
}

async function readBounded(path: string): Promise<{ readonly bytes: Uint8Array; readonly facts: Stats }> {
  // Non-blocking: the file may have become a pipe since it was looked at, and opening one waits for a writer.
  await using handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const facts = await handle.stat();
  refuseUnlessFile(path, facts);
  if (facts.size > MAX_BYTES) throw unreadable(path, 'is larger than 1 MiB');
  const buffer = new Uint8Array(MAX_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length > MAX_BYTES) throw unreadable(path, 'is larger than 1 MiB');
  return { bytes: buffer.subarray(0, length), facts };
}

function refuseUnlessFile(path: string, facts: Stats): void {
  if (/* guard: files/pipe */ facts.isFile()) return;
  if (facts.isDirectory()) throw unreadable(path, 'is a folder, not a file');
  if (facts.isFIFO()) throw unreadable(path, 'is a named pipe, not a file');
  throw unreadable(path, facts.isSocket() ? 'is a socket, not a file' : 'is a device, not a file');
}

/** @returns `undefined` when there is nothing at the path. */
async function statOf(path: string): Promise<Stats | undefined> {
  return attempt(path, async () => {
    try {
      return await stat(path);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
}

async function attempt<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw unreadable(path, REASONS[errorCode(cause)] ?? `cannot be read (${errorCode(cause)})`, cause);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  ENOENT: 'does not exist',
  ENOTDIR: 'lies below something that is not a folder',
  ELOOP: 'is a symbolic link that leads to itself',
  ENAMETOOLONG: 'has a name that is too long',
  ERR_INVALID_ARG_VALUE: 'is no valid path',
};

function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'unknown reason';
}

function unreadable(path: string, reason: string, cause?: unknown, hint?: string): GatewayError {
  return new GatewayError('OMNI_CONFIG_UNREADABLE', `${path} ${reason}`, {
    ...(cause === undefined ? {} : { cause }),
    ...(hint === undefined ? {} : { hint }),
  });
}
