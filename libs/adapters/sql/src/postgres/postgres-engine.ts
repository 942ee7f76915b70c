import type { Clock } from '@omni/ports';
import { GatewayError } from '@omni/ports';
import { Kysely, PostgresDialect } from 'kysely';
import type { Client, types } from 'pg';
import type { Engine, EngineFailure } from '../engine.ts';
import { migrate, POSTGRES } from '../migrate.ts';
import type { Tables } from '../tables.ts';
import { postgresFailure } from './postgres-failure.ts';

export interface PostgresEngineOptions {
  readonly url: string;
  /** Of the tables. Made where it is missing. */
  readonly schema: string;
  /** Distinguishes this engine from all others, in letters and digits. */
  readonly instance: string;
  readonly clock: Clock;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Of the network: a statement ends sooner. */
const QUERY_TIMEOUT_MS = 10_000;
/** Whoever waits for a write takes the writer for stuck after 3 s. */
const STATEMENT_TIMEOUT_MS = 2_000;
/** A server notices within this time that a connection of the one before is gone. */
const LOCK_ATTEMPTS = 20;
const LOCK_PAUSE_MS = 100;
/** `bigint` in the table of types of PostgreSQL. */
const INT8 = 20;

/** PostgreSQL over one connection, which holds a lock on the schema. */
export class PostgresEngine implements Engine {
  readonly name = 'postgres';
  readonly #options: PostgresEngineOptions;

  constructor(options: PostgresEngineOptions) {
    this.#options = options;
  }

  async connect(): Promise<Kysely<Tables>> {
    const { url, instance } = this.#options;
    // Loaded by those who use it: it costs 40 ms.
    const { default: pg } = await import('pg');
    const client = new pg.Client({
      connectionString: url,
      application_name: `omni-${instance}`,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
      types: { getTypeParser: parserOf(pg.types) },
    });
    // Without a listener a connection that breaks while nobody waits would end the process.
    client.on('error', () => {});
    try {
      await client.connect();
      await this.#prepare(client);
      const db = kyselyOf(client);
      await migrate(db, POSTGRES);
      await client.query(`set statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
      return db;
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
  }

  failureOf(error: unknown): EngineFailure {
    return postgresFailure(error);
  }

  /** The server looks after its files; `pg_amcheck` looks for damage in them. */
  problems(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  async #prepare(client: Client): Promise<void> {
    const { schema, instance, clock } = this.#options;
    await client.query('set synchronous_commit = on');
    // What is left of a connection before this one, which nobody may have told that it is gone.
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and usename = current_user and pid <> pg_backend_pid()',
      [`omni-${instance}`],
    );
    const { rows } = await client.query('select 1 from pg_namespace where nspname = $1', [schema]);
    const name = client.escapeIdentifier(schema);
    if (rows.length === 0) await client.query(`create schema if not exists ${name}`);
    await client.query(`set search_path to ${name}`);
    for (let attempt = 1; !(await hasLock(client, schema)); attempt++) {
      // guard: store/second-database
      if (attempt === LOCK_ATTEMPTS)
        throw new GatewayError('OMNI_STORE_LOCKED', `Another Omni uses the schema "${schema}"`);
      await new Promise<void>((resolve) => clock.after(LOCK_PAUSE_MS, resolve));
    }
  }
}

/** For as long as the connection lives. */
async function hasLock(client: Client, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    "select pg_try_advisory_lock(hashtext('omni'), hashtext($1)) as locked",
    [schema],
  );
  return rows[0]?.locked === true;
}

function kyselyOf(client: Client): Kysely<Tables> {
  // One connection that is never given away: there is one writer.
  const only = Object.assign(client, { release() {} });
  const pool = { connect: () => Promise.resolve(only), end: () => client.end(), options: {} };
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

/** Numbers of rows are numbers; everything else is read as `pg` does. */
function parserOf(own: typeof types): typeof types.getTypeParser {
  // Holds: the type has an overload for each of its names of types, which are numbers.
  return ((id: number, format: 'text') =>
    id === INT8 ? Number : own.getTypeParser(id, format)) as typeof types.getTypeParser;
}
