import { access, chmod, constants, lstat, mkdir, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError } from '@omni/ports';

const HAS_MODES = process.platform !== 'win32';
const OF_OTHERS = 0o077;
const WRITE_OF_OTHERS = 0o022;

/**
 * Makes the folder of the store (mode 0700) where it is missing.
 *
 * @throws {@link GatewayError} `OMNI_STORE_DENIED` when it cannot be made, or others can change what is in
 * it.
 */
export async function privateFolder(path: string): Promise<void> {
  try {
    await makeFolder(path);
    refuseShared(await stat(path), path, WRITE_OF_OTHERS);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('OMNI_STORE_DENIED', `Cannot keep the store in ${path}: ${textOf(cause)}`, {
      cause,
    });
  }
}

/**
 * Looks whether a database may be used, as whoever opens it does, and opens nothing. One that is missing may.
 *
 * @throws {@link GatewayError} `OMNI_STORE_DENIED`
 */
export async function checkDatabaseFile(path: string): Promise<void> {
  if ((await privateFileSize(path)) === undefined) return;
  const folder = dirname(path);
  try {
    refuseShared(await stat(folder), folder, WRITE_OF_OTHERS);
    await access(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('OMNI_STORE_DENIED', `Cannot use ${path}: ${textOf(cause)}`, { cause });
  }
}

/**
 * What is at the path of a database.
 *
 * @returns Its size; `undefined` when nothing is there.
 * @throws {@link GatewayError} `OMNI_STORE_DENIED` when it is no file, or others can read it.
 */
export async function privateFileSize(path: string): Promise<number | undefined> {
  let facts: Stats;
  try {
    facts = await lstat(path);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new GatewayError('OMNI_STORE_DENIED', `Cannot look at ${path}: ${textOf(cause)}`, { cause });
  }
  // guard: store/no-file
  if (!facts.isFile()) throw new GatewayError('OMNI_STORE_DENIED', `${path} is no file`);
  refuseShared(facts, path, OF_OTHERS);
  return facts.size;
}

function refuseShared({ mode, uid }: Stats, path: string, unwanted: number): void {
  if (!HAS_MODES) return;
  // guard: store/owner
  if (uid !== process.getuid?.())
    throw new GatewayError('OMNI_STORE_DENIED', `${path} belongs to another user`);
  // guard: store/mode
  if ((mode & unwanted) !== 0)
    throw new GatewayError(
      'OMNI_STORE_DENIED',
      `Others can ${unwanted === OF_OTHERS ? 'read or change' : 'change what is in'} ${path}`,
      { hint: `chmod ${unwanted === OF_OTHERS ? '600' : '700'} ${path}` },
    );
}

/** Not `mkdir` with `recursive`: where a parent takes no folders, that one of Node 24 may never return. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
    // The mask of the process may have taken rights of the owner, too.
    await chmod(path, 0o700);
  } catch (error) {
    const parent = dirname(path);
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT' || parent === path) throw error;
    await makeFolder(parent);
    await makeFolder(path);
  }
}

export function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

function textOf(error: unknown): string {
  return codeOf(error) ?? 'unknown failure';
}
