import { link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Clock, GatewayError } from '@omni/ports';
import { schemaVersion, SQLITE } from '../migrate.ts';
import type { StoreCheck, StoreFile } from './store-file.ts';
import { lockStore } from './lock-store.ts';
import { kyselyOf, openDatabase } from './node-sqlite.ts';
import { codeOf, privateFileSize } from './private-path.ts';
import { inspect, sqliteProblems, syncFolder } from './sqlite-engine.ts';
import { sqliteFailure } from './sqlite-failure.ts';

const BUSY_TIMEOUT_MS = 2_000;

export async function checkStore(path: string): Promise<StoreCheck> {
  const size = await sizeOf(path);
  const report = { path, engine: 'sqlite', schemaVersion: 0 } as const;
  try {
    await inspect(path, size);
    const db = kyselyOf(openDatabase(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS }));
    try {
      return {
        ...report,
        schemaVersion: await schemaVersion(db, SQLITE),
        problems: await sqliteProblems(db),
      };
    } finally {
      await db.destroy();
    }
  } catch (thrown) {
    const { error } = sqliteFailure(thrown, path);
    if (error.code !== 'OMNI_STORE_CORRUPT') throw error;
    return { ...report, problems: [error.message] };
  }
}

export async function backupStore(path: string, target: string): Promise<number> {
  await inspect(path, await sizeOf(path)).catch((error: unknown) => {
    throw sqliteFailure(error, path).error;
  });
  try {
    await (await open(target, 'wx', 0o600)).close();
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST')
      throw new GatewayError('OMNI_USAGE', `${target} exists already`, { cause });
    throw new GatewayError('OMNI_STORE_DENIED', `Cannot write ${target}: ${codeOf(cause) ?? 'unknown'}`, {
      cause,
    });
  }
  try {
    const size = await copyDatabase(path, target);
    await syncFolder(dirname(resolve(target)));
    return size;
  } catch (error) {
    await rm(target, { force: true });
    throw sqliteFailure(error, target).error;
  }
}

export async function restoreStore(
  { path, stateFolder, clock }: StoreFile,
  source: string,
): Promise<string | undefined> {
  const release = await lockStore(stateFolder, path);
  try {
    await inspect(source, await sizeOf(source));
    const aside = `${path}.restored`;
    await rm(aside, { force: true });
    await (await open(aside, 'wx', 0o600)).close();
    await copyDatabase(source, aside);
    const former = await keepFormer(path, clock);
    await rename(aside, path);
    await syncFolder(dirname(path));
    return former;
  } catch (error) {
    throw codeOf(error) === 'ERR_SQLITE_ERROR' || error instanceof GatewayError
      ? sqliteFailure(error, source).error
      : new GatewayError('OMNI_STORE_DENIED', `Cannot restore ${path}: ${codeOf(error) ?? 'unknown'}`, {
          cause: error,
        });
  } finally {
    release();
  }
}

/**
 * With what is still in the log of writes alone.
 *
 * @param target - An empty file.
 * @returns Its size.
 */
async function copyDatabase(source: string, target: string): Promise<number> {
  const database = openDatabase(source, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    database.prepare('vacuum into ?').run(target);
  } finally {
    database.close();
  }
  await syncFile(target);
  const { size } = await stat(target);
  await inspect(target, size);
  return size;
}

/** At no time is the database missing: a gateway that starts then would make a new one. */
async function keepFormer(path: string, clock: Clock): Promise<string | undefined> {
  const former = `${path}.${new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-')}`;
  const isThere = (await fileSize(path)) !== undefined;
  if (isThere) await link(path, former);
  const log = `${path}-wal`;
  if (((await fileSize(log)) ?? 0) > 0) await rename(log, `${former}-wal`);
  // Belong to the file that is there no more.
  for (const suffix of ['-wal', '-shm']) await rm(path + suffix, { force: true });
  return isThere ? former : undefined;
}

async function fileSize(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  const size = await privateFileSize(path);
  if (size === undefined) throw new GatewayError('OMNI_STORE_UNAVAILABLE', `There is no store at ${path}`);
  return size;
}

async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.sync();
}
