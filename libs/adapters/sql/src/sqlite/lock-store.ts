import { truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '@omni/ports';
import { codeOf, privateFileSize, privateFolder } from './private-path.ts';
import { sqliteFailure } from './sqlite-failure.ts';

const BUSY = 5;

/**
 * Claims a state folder for this process, and a database wherever it is, until it is released or the process
 * ends, however that comes.
 *
 * A lock is a transaction on a file of its own (`omni.lock` in the folder, `PATH.lock` beside the database),
 * so that it does not depend on what the writer of the store does. Take it once in a process; never open the
 * file otherwise: closing it would give up the lock.
 *
 * @param databasePath - What two state folders may name.
 * @returns Releases it.
 * @throws {@link GatewayError} `OMNI_STORE_LOCKED` when another process has it, `OMNI_STORE_DENIED` when a
 * folder or a file is not this user's alone, or cannot be written.
 */
export async function lockStore(folder: string, databasePath?: string): Promise<() => void> {
  const path = join(folder, 'omni.lock');
  const release = await lockFile(path, folder);
  if (databasePath === undefined) return release;
  const beside = `${databasePath}.lock`;
  // That of a database in the folder that is called `omni`.
  if (resolve(beside) === resolve(path)) return release;
  try {
    const releaseDatabase = await lockFile(beside, databasePath);
    return () => {
      releaseDatabase();
      release();
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** @param claimed - What the file stands for. */
async function lockFile(path: string, claimed: string): Promise<() => void> {
  await privateFolder(dirname(path));
  if ((await privateFileSize(path)) === undefined) await makeFile(path);
  try {
    const database = lockedDatabase(path);
    return () => {
      if (database.isOpen) database.close();
    };
  } catch (error) {
    // guard: store/locked
    if (isBusy(error))
      throw new GatewayError('OMNI_STORE_LOCKED', `Another Omni uses ${claimed}`, { cause: error });
    throw sqliteFailure(error, path).error;
  }
}

/** Damage says that nobody holds the lock, and nothing is lost: a lock file has no content. */
function lockedDatabase(path: string): DatabaseSync {
  try {
    return openLocked(path);
  } catch (error) {
    if (sqliteFailure(error, path).error.code !== 'OMNI_STORE_CORRUPT') throw error;
    emptyFile(path);
    return openLocked(path);
  }
}

function openLocked(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // Where nothing can be written, SQLite begins the transaction and locks nothing. This is never committed.
    database.exec('pragma journal_mode = memory; begin exclusive; pragma user_version = 1');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

async function makeFile(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (cause) {
    // Another process was faster.
    if (codeOf(cause) !== 'EEXIST') throw cannotMake(path, cause);
  }
}

/** Not removed: another process that was faster may hold this very file. */
function emptyFile(path: string): void {
  try {
    truncateSync(path);
  } catch (cause) {
    throw cannotMake(path, cause);
  }
}

function cannotMake(path: string, cause: unknown): GatewayError {
  return new GatewayError('OMNI_STORE_DENIED', `Cannot make ${path}: ${codeOf(cause) ?? 'unknown failure'}`, {
    cause,
  });
}

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === BUSY;
}
