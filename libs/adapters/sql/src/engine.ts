import type { GatewayError, StoreReport } from '@omni/ports';
import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** A failure of the database, in Omni's words. */
export interface EngineFailure {
  readonly error: GatewayError;
  /** Whether the connection is of no use any more, so that the next call needs a new one. */
  readonly endsConnection: boolean;
}

/** One kind of database. */
export interface Engine {
  readonly name: StoreReport['engine'];
  /**
   * Opens the database, checks it, and brings its schema up to date.
   *
   * @param isFirst - Whether it may be made where there is none.
   */
  connect(isFirst: boolean): Promise<Kysely<Tables>>;
  /** Takes anything thrown while the database was used. */
  failureOf(error: unknown): EngineFailure;
  /** What is wrong with it, a line each. */
  problems(db: Kysely<Tables>): Promise<readonly string[]>;
}
