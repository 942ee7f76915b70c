import { randomBytes } from 'node:crypto';
import { GatewayError, type StateStore } from '@omni/ports';
import type { Engine } from './engine.ts';
import type { OpenStoreOptions, StoreSettings } from './store-settings.ts';
import { PostgresEngine } from './postgres/postgres-engine.ts';
import { SqlStore } from './sql-store.ts';
import { SqliteEngine } from './sqlite/sqlite-engine.ts';
import { sqlitePath } from './sqlite/sqlite-path.ts';

export async function openedStore(settings: StoreSettings, options: OpenStoreOptions): Promise<StateStore> {
  return await SqlStore.open(engineOf(settings, options), options);
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
