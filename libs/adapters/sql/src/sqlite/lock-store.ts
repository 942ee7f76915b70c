import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '@omni/ports';
import { codeOf, privateFileSize, privateFolder } from './private-path.ts';
import { sqliteFailure } from './sqlite-failure.ts';

const BUSY = 5;

/**
 * Claims a state folder for this process, until it is released or the process ends, however that comes.
 *
 * The lock is a transaction on a file of its own, so that it does not depend on what the writer of the store
 * does. Take it once in a process; never open the file otherwise: closing it would give up the lock.
 *
 * @returns Releases it.
 * @throws {@link GatewayError} `OMNI_STORE_LOCKED` when another process has it, `OMNI_STORE_DENIED` when the
 * folder or the file is not this user's alone.
 */
export async function lockStore(folder: string): Promise<() => void> {
  await privateFolder(folder);
  const path = join(folder, 'omni.lock');
  if ((await privateFileSize(path)) === undefined) await makeFile(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('begin exclusive');
  } catch (error) {
    if (database?.isOpen === true) database.close();
    // guard: store/locked
    if (isBusy(error))
      throw new GatewayError('OMNI_STORE_LOCKED', `Another Omni uses ${folder}`, { cause: error });
    throw sqliteFailure(error, path).error;
  }
  const locked = database;
  return () => {
    if (locked.isOpen) locked.close();
  };
}

async function makeFile(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (cause) {
    // Another process was faster.
    if (codeOf(cause) === 'EEXIST') return;
    throw new GatewayError(
      'OMNI_STORE_DENIED',
      `Cannot make ${path}: ${codeOf(cause) ?? 'unknown failure'}`,
      {
        cause,
      },
    );
  }
}

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === BUSY;
}
