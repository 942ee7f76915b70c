import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { GatewayError } from '@omni/ports';
import { errorCode } from '../files/error-code.ts';
import { makePrivateFolder } from '../files/private-folder.ts';

const BUSY = 5;
const RETRY_MS = 10;
const LONGEST_WAIT_MS = 10_000;

/** Who waits in this process, by path. */
const turns = new Map<string, Promise<unknown>>();

/**
 * Runs something while no other process, and nobody else in this one, does so for the same path. The lock is
 * a transaction on `PATH.lock`, so that the system ends it with the process, however that ends.
 *
 * @throws {@link GatewayError} `OMNI_SECRET_UNAVAILABLE` when another process has it for 10 s.
 */
export async function withFileLock<T>(path: string, run: () => Promise<T>): Promise<T> {
  const before = turns.get(path) ?? Promise.resolve();
  const mine = before.then(() => locked(path, run));
  const settled = mine.then(
    () => {},
    () => {},
  );
  turns.set(path, settled);
  try {
    return await mine;
  } finally {
    if (turns.get(path) === settled) turns.delete(path);
  }
}

async function locked<T>(path: string, run: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  // In turn, too: who asked first is first.
  await makePrivateFolder(dirname(path));
  await (await open(lock, 'a', 0o600)).close();
  const { DatabaseSync } = await import('node:sqlite');
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    const database = new DatabaseSync(lock, { timeout: 0 });
    try {
      // Where nothing can be written, SQLite begins the transaction and locks nothing. Never committed.
      database.exec('pragma journal_mode = memory; begin exclusive; pragma user_version = 1');
    } catch (error) {
      database.close();
      if (!isBusy(error))
        throw unavailable(`${lock} cannot be locked (${errorCode(error) ?? 'unknown'})`, error);
      if (waitedMs >= LONGEST_WAIT_MS) throw unavailable(`Another process does not let go of ${path}`, error);
      await wait(RETRY_MS);
      continue;
    }
    try {
      return await run();
    } finally {
      database.close();
    }
  }
}

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === BUSY;
}

function unavailable(message: string, cause: unknown): GatewayError {
  return new GatewayError('OMNI_SECRET_UNAVAILABLE', message, { cause });
}
