import type { Clock, Logger, StateStore } from '@omni/ports';

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
 * Opens the store and becomes its writer. Its libraries are loaded here: who only locks it goes without.
 *
 * A database that is missing is made; one that is damaged, newer or somebody else's is refused and left as it
 * is.
 *
 * @throws {@link GatewayError} `OMNI_STORE_*`
 */
export async function openStore(settings: StoreSettings, options: OpenStoreOptions): Promise<StateStore> {
  const { openedStore } = await import('./opened-store.ts');
  return await openedStore(settings, options);
}
