import type { StoreCheck, StoreFile } from './store-file.ts';

// The libraries of the store are loaded by each of these: a gateway that serves goes without.

/**
 * Looks for damage in a database of SQLite, without writing. A gateway may use it meanwhile.
 *
 * @throws {@link GatewayError} `OMNI_STORE_UNAVAILABLE` when there is none, `OMNI_STORE_DENIED`,
 * `OMNI_STORE_NEWER`; damage is no failure but a line of the report.
 */
export async function checkStore(path: string): Promise<StoreCheck> {
  return await (await import('./store-files.ts')).checkStore(path);
}

/**
 * Writes a copy of a database, as it is at one moment, while a gateway may use it. The copy can be read by
 * this user alone, and was checked.
 *
 * @param target - Where nothing is yet.
 * @returns Its size in bytes.
 * @throws {@link GatewayError} `OMNI_USAGE` when something is at the target, `OMNI_STORE_*`
 */
export async function backupStore(path: string, target: string): Promise<number> {
  return await (await import('./store-files.ts')).backupStore(path, target);
}

/**
 * Puts a backup in the place of the database of a state folder, whose gateway must not run. What was there is
 * kept beside it.
 *
 * @returns Where that is; `undefined` when nothing was there.
 * @throws {@link GatewayError} `OMNI_STORE_LOCKED` while a gateway runs, `OMNI_STORE_*`
 */
export async function restoreStore(file: StoreFile, source: string): Promise<string | undefined> {
  return await (await import('./store-files.ts')).restoreStore(file, source);
}
