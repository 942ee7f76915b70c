import type { Clock, Logger } from '@omni/ports';

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
