import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { type Clock, GatewayError, type Logger, type StateStore } from '@omni/ports';
import type { Engine } from './engine.ts';
import { PostgresEngine } from './postgres/postgres-engine.ts';
import { SqlStore } from './sql-store.ts';
import { SqliteEngine } from './sqlite/sqlite-engine.ts';

export interface StoreSettings {
  /**
   * - `sqlite:`: `omni.db` in the state folder; `sqlite:PATH`: that file.
   * - `postgres://…` or `postgresql://…`: a database of PostgreSQL.
   * - `memory:`: nothing is kept.
   */
  readonly url: string;
  /** Of the tables in PostgreSQL. */
  readonly schema: string;
  readonly stateFolder: string;
}

export interface OpenStoreOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Opens the store and becomes its writer. A database that is missing is made; one that is damaged, newer or
 * somebody else's is refused and left as it is.
 *
 * @throws {@link GatewayError} `OMNI_STORE_*`
 */
export async function openStore(settings: StoreSettings, options: OpenStoreOptions): Promise<StateStore> {
  return SqlStore.open(engineOf(settings, options), options);
}

/** Where SQLite keeps the state; `undefined` for other databases. */
export function sqlitePath({ url, stateFolder }: Omit<StoreSettings, 'schema'>): string | undefined {
  if (!url.startsWith('sqlite:')) return undefined;
  const path = url.slice('sqlite:'.length);
  return path === '' ? join(stateFolder, 'omni.db') : resolve(path);
}

function engineOf(settings: StoreSettings, { clock }: OpenStoreOptions): Engine {
  const { url, schema } = settings;
  const path = sqlitePath(settings);
  if (path !== undefined) return new SqliteEngine(path);
  if (url === 'memory:') return new SqliteEngine(':memory:');
  if (/^postgres(?:ql)?:\/\//.test(url))
    return new PostgresEngine({ url, schema, instance: randomBytes(8).toString('hex'), clock });
  // What stands there may be a secret.
  throw new GatewayError('OMNI_CONFIG_INVALID', 'storage.url names no database that Omni knows');
}
