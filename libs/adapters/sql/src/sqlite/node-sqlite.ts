import { DatabaseSync, type DatabaseSyncOptions, type SQLInputValue } from 'node:sqlite';
import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from 'kysely';
import type { Tables } from '../tables.ts';

/** Opens a database; tests hand in one that fails. */
export type OpenDatabase = (path: string, options: DatabaseSyncOptions) => DatabaseSync;

export const openDatabase: OpenDatabase = (path, options) => new DatabaseSync(path, options);

/** The database of Node as Kysely uses it. It closes with the other. */
export function kyselyOf(database: DatabaseSync): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: new NodeSqlite(database) }) });
}

class NodeSqlite implements SqliteDatabase {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): SqliteStatement {
    // A transaction that reads first and writes then may find that somebody else has written in between.
    const statement = this.#database.prepare(sql === 'begin' ? 'begin immediate' : sql);
    // SQLite has undone the transaction itself where the disk is full or fails.
    const isOver = sql === 'rollback' && !this.#database.isTransaction;
    return {
      reader: statement.columns().length > 0,
      all: (parameters) => statement.all(...parameters.map(inputOf)),
      run: (parameters) =>
        isOver ? { changes: 0, lastInsertRowid: 0 } : statement.run(...parameters.map(inputOf)),
      iterate: (parameters) => statement.iterate(...parameters.map(inputOf)),
    };
  }

  close(): void {
    this.#database.close();
  }
}

function inputOf(value: unknown): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  // Kysely passes on what the tables have: texts, numbers, bytes and null.
  return value as SQLInputValue;
}
