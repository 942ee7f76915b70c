import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '@omni/ports';
import { type Kysely, sql } from 'kysely';
import type { Engine, EngineFailure } from '../engine.ts';
import { migrate, refuseNewer, schemaVersion, SQLITE } from '../migrate.ts';
import type { Tables } from '../tables.ts';
import { codeOf, privateFileSize, privateFolder } from './private-path.ts';
import { kyselyOf, type OpenDatabase, openDatabase } from './node-sqlite.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { refuseOldSqlite } from './sqlite-version.ts';

/** `OMNI`, in the header of the file. */
const APPLICATION_ID = 0x4f4d4e49;
/** How long another process may hold the database before a call fails. */
const BUSY_TIMEOUT_MS = 2_000;
/** A log of writes that has grown longer is cut when it has been taken over. */
const MAX_LOG_BYTES = 16_777_216;
const MAX_PROBLEMS = 100;

/** SQLite in a file, or in memory. */
export class SqliteEngine implements Engine {
  readonly name: 'sqlite' | 'memory';
  readonly #path: string;
  readonly #openDatabase: OpenDatabase;
  #database: DatabaseSync | undefined;

  /** @param path - `:memory:` for one that is gone when it is closed. */
  constructor(path: string, open: OpenDatabase = openDatabase) {
    this.#path = path;
    this.#openDatabase = open;
    this.name = path === ':memory:' ? 'memory' : 'sqlite';
  }

  async connect(isFirst: boolean): Promise<Kysely<Tables>> {
    if (this.name === 'sqlite') await this.#prepareFile(isFirst);
    const database = this.#openDatabase(this.#path, { timeout: BUSY_TIMEOUT_MS });
    const db = kyselyOf(database);
    this.#database = database;
    try {
      setUp(database);
      await migrate(db, SQLITE);
      return db;
    } catch (error) {
      await db.destroy();
      throw error;
    }
  }

  failureOf(error: unknown): EngineFailure {
    const { error: failure, endsConnection } = sqliteFailure(error, this.#path);
    const isLeftOpen = this.#database?.isOpen === true && this.#database.isTransaction;
    return {
      error: failure,
      // What is in memory is gone with its connection. A transaction that could not be undone ends with it.
      endsConnection: this.name === 'sqlite' && (endsConnection || isLeftOpen),
    };
  }

  problems(db: Kysely<Tables>): Promise<readonly string[]> {
    return sqliteProblems(db);
  }

  /**
   * Whatever is at the path is looked at by a connection that cannot write. A database that is missing is
   * made aside and put into place when it is whole, so that an empty file is never a new one.
   */
  async #prepareFile(isFirst: boolean): Promise<void> {
    const path = this.#path;
    if (isFirst) await privateFolder(dirname(path));
    const size = await privateFileSize(path);
    if (size !== undefined) {
      await inspect(path, size, this.#openDatabase);
      return;
    }
    // guard: store/gone
    if (!isFirst || (await hasWriteLog(path)))
      throw new GatewayError('OMNI_STORE_CORRUPT', `${path} is missing, and was there before`);
    await this.#create();
  }

  async #create(): Promise<void> {
    const path = this.#path;
    const aside = `${path}.new`;
    for (const suffix of ['', '-wal', '-shm', '-journal']) await rm(aside + suffix, { force: true });
    try {
      const file = await open(aside, 'wx', /* guard: store/created-mode */ 0o600);
      await file.close();
    } catch (cause) {
      const code = codeOf(cause) === 'ENOSPC' ? 'OMNI_STORE_FULL' : 'OMNI_STORE_DENIED';
      throw new GatewayError(code, `Cannot make ${path}: ${codeOf(cause) ?? 'unknown failure'}`, { cause });
    }
    const database = this.#openDatabase(aside, { timeout: BUSY_TIMEOUT_MS });
    const db = kyselyOf(database);
    try {
      setUp(database);
      await migrate(db, SQLITE);
    } finally {
      await db.destroy();
    }
    await rename(aside, path);
    await syncFolder(dirname(path));
  }
}

/**
 * Refuses a database that is damaged, newer, or somebody else's, without touching it.
 *
 * @throws {@link GatewayError} `OMNI_STORE_CORRUPT`, `OMNI_STORE_NEWER`
 */
export async function inspect(
  path: string,
  size: number,
  openDatabaseAt: OpenDatabase = openDatabase,
): Promise<void> {
  // guard: store/empty
  if (size === 0) throw new GatewayError('OMNI_STORE_CORRUPT', `${path} is empty`);
  const database = openDatabaseAt(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  const db = kyselyOf(database);
  try {
    const { application_id: id = 0 } = database.prepare('pragma application_id').get() ?? {};
    const tables = database
      .prepare("select name from sqlite_schema where type = 'table'")
      .all()
      .map(({ name }) => name);
    // guard: store/foreign
    if (id !== APPLICATION_ID && (id !== 0 || !tables.includes('mcp_servers')))
      throw new GatewayError('OMNI_STORE_NEWER', `${path} is a database of another program`);
    refuseNewer(await schemaVersion(db, SQLITE));
    const damage = database.prepare('pragma quick_check(1)').get()?.['quick_check'];
    // guard: store/damaged
    if (damage !== 'ok')
      throw new GatewayError('OMNI_STORE_CORRUPT', `${path} is damaged: ${String(damage)}`);
  } finally {
    await db.destroy();
  }
}

/** Everything that is wrong with an open database. */
export async function sqliteProblems(db: Kysely<Tables>): Promise<readonly string[]> {
  const integrity = await sql<{
    integrity_check: string;
  }>`pragma integrity_check(${sql.raw(String(MAX_PROBLEMS))})`.execute(db);
  const lines = integrity.rows.map((row) => row.integrity_check).filter((line) => line !== 'ok');
  const foreign = await sql<{ table: string; rowid: number }>`pragma foreign_key_check`.execute(db);
  return [
    ...lines,
    ...foreign.rows.map(
      ({ table, rowid }) => `row ${rowid} of ${table} belongs to a server that is not there`,
    ),
  ].slice(0, MAX_PROBLEMS);
}

/** Once for each connection. */
function setUp(database: DatabaseSync): void {
  const { version } = database.prepare('select sqlite_version() as version').get() ?? {};
  const isFile = database.location() !== null;
  // The bug is one of files.
  if (isFile) refuseOldSqlite(String(version));
  database.exec(`
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma foreign_keys = on;
    pragma trusted_schema = off;
    pragma journal_size_limit = ${MAX_LOG_BYTES};
  `);
  const { application_id: id } = database.prepare('pragma application_id').get() ?? {};
  if (id !== APPLICATION_ID) database.exec(`pragma application_id = ${APPLICATION_ID}`);
}

async function hasWriteLog(path: string): Promise<boolean> {
  const log = `${path}-wal`;
  try {
    return (await stat(log)).size > 0;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return false;
    throw new GatewayError('OMNI_STORE_DENIED', `Cannot look at ${basename(log)}`, { cause });
  }
}

/** A name in a folder lasts when the folder was written. */
export async function syncFolder(path: string): Promise<void> {
  // Windows has no such call.
  if (process.platform === 'win32') return;
  let folder: FileHandle | undefined;
  try {
    folder = await open(path, 'r');
    await folder.sync();
  } finally {
    await folder?.close();
  }
}
