import {
  type CallBeginning,
  type CallToKeep,
  type Clock,
  type ComponentStatus,
  type ConfigRevision,
  GatewayError,
  type HealthLogQuery,
  type HealthLogRow,
  type KeptCall,
  type KeptCallLimits,
  type KeptOutcome,
  type Logger,
  type Millis,
  type NewConfigRevision,
  type OutsideDefinition,
  type StateStore,
  type StoreBatch,
  type StoredDefinition,
  type StoredEvent,
  type StoredList,
  type StoredOverride,
  type StoredUpstream,
  type StoreReport,
  type UpstreamStateRow,
} from '@omni/ports';
import type { Insertable, Kysely, Transaction } from 'kysely';
import type { Engine } from './engine.ts';
import { SCHEMA_VERSION } from './migrate.ts';
import { beginCall, endCall, findCall } from './kept-calls.ts';
import { addRevision, keepOverride, overridesAt, revisionOf } from './kept-configuration.ts';
import { optionalTimeText, type Tables, timeOf, timeText } from './tables.ts';

export interface SqlStoreOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Sources of definitions that are not kept here. */
const OUTSIDE: readonly OutsideDefinition['source'][] = ['file', 'registry'];
/** Rows of one statement: databases bound how many values it takes. */
const ROWS_PER_STATEMENT = 500;

/** The state in a database. Reads and writes one after another, on one connection. */
export class SqlStore implements StateStore {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #db: Kysely<Tables> | undefined;
  #epoch = 0;
  #isClosed = false;
  /** The call that was made last. */
  #last: Promise<unknown> = Promise.resolve();
  #status: ComponentStatus;

  private constructor(engine: Engine, { clock, logger }: SqlStoreOptions) {
    this.#engine = engine;
    this.#clock = clock;
    this.#logger = logger;
    this.#status = { level: 'ok', details: { engine: engine.name }, since: clock.now() };
  }

  /** Opens the database and becomes its writer. */
  static async open(engine: Engine, options: SqlStoreOptions): Promise<SqlStore> {
    const store = new SqlStore(engine, options);
    try {
      await store.#call(async (db) => {
        store.#epoch = await claim(db);
      });
      return store;
    } catch (error) {
      await store.#disconnect();
      throw error;
    }
  }

  get epoch(): number {
    return this.#epoch;
  }

  load(): Promise<readonly StoredUpstream[]> {
    return this.#call(async (db) => {
      const rows = await db
        .selectFrom('mcp_servers')
        .select(['name', 'source', 'revision', 'record', 'record_revision', 'updated_at'])
        .orderBy('name')
        .execute();
      return rows.map(({ updated_at: at, record_revision: recordRevision, ...row }) => ({
        ...row,
        recordRevision,
        writtenAt: at === null ? null : timeOf(at),
      }));
    });
  }

  write(batch: StoreBatch): Promise<void> {
    return this.#write(async (db) => {
      const { key, at, defined = [], states = [], log = [], events = [], removed = [] } = batch;
      const { numInsertedOrUpdatedRows: isNew } = await db
        .insertInto('written_batches')
        .values({ key, at: timeText(at) })
        .onConflict((conflict) => conflict.column('key').doNothing())
        .executeTakeFirstOrThrow();
      // guard: store/once
      if (isNew === 0n) return;
      for (const definition of defined) await define(db, definition, at);
      for (const state of states) await this.#writeState(db, state, at);
      await writeLog(db, log);
      for (const rows of chunks(events.map((event) => ({ event, at: timeText(at), published_at: null }))))
        await db.insertInto('outbox').values(rows).execute();
      for (const names of chunks(removed))
        await db
          .deleteFrom('mcp_servers')
          .where('name', 'in', names)
          .where('source', 'in', OUTSIDE)
          .execute();
    });
  }

  pendingEvents(limit: number): Promise<readonly StoredEvent[]> {
    return this.#call(async (db) => {
      const rows = await db
        .selectFrom('outbox')
        .select(['seq', 'at', 'event'])
        .where('published_at', 'is', null)
        .orderBy('seq')
        .limit(limit)
        .execute();
      return rows.map(({ seq, at, event }) => ({ sequence: seq, at: timeOf(at), event }));
    });
  }

  markPublished(sequence: number): Promise<void> {
    return this.#write(async (db) => {
      await db
        .updateTable('outbox')
        .set({ published_at: timeText(this.#clock.now()) })
        .where('published_at', 'is', null)
        .where('seq', '<=', sequence)
        .execute();
    });
  }

  saveList({ upstream, kind, revision, bytes, readAt }: StoredList): Promise<void> {
    return this.#write(async (db) => {
      const id = (await idsOf(db, [upstream])).get(upstream);
      if (id === undefined) return;
      const row = { revision, bytes, read_at: timeText(readAt) };
      await db
        .insertInto('mcp_lists')
        .values({ mcp_server_id: id, kind, ...row })
        .onConflict((conflict) => conflict.columns(['mcp_server_id', 'kind']).doUpdateSet(row))
        .execute();
    });
  }

  loadLists(): Promise<readonly StoredList[]> {
    return this.#call(async (db) => {
      const rows = await db
        .selectFrom('mcp_lists')
        .innerJoin('mcp_servers', 'mcp_servers.id', 'mcp_lists.mcp_server_id')
        .select(['name', 'kind', 'mcp_lists.revision', 'bytes', 'read_at'])
        .orderBy('name')
        .orderBy('kind')
        .execute();
      return rows.map(({ name, kind, revision, bytes, read_at: at }) => ({
        upstream: name,
        // Written by `saveList` alone.
        kind: kind as StoredList['kind'],
        revision,
        bytes,
        readAt: timeOf(at),
      }));
    });
  }

  definitions(): Promise<readonly StoredDefinition[]> {
    return this.#call(async (db) => {
      const rows = await db
        .selectFrom('mcp_servers')
        .select([
          'name',
          'source',
          'revision',
          'definition',
          'transport',
          'url',
          'command',
          'enabled',
          'critical',
        ])
        .where('source', 'in', ['db', 'api'])
        .orderBy('name')
        .execute();
      return rows.map(({ source, enabled, critical, ...row }) => ({
        ...row,
        source: source === 'api' ? 'api' : 'db',
        enabled: Boolean(enabled),
        critical: Boolean(critical),
      }));
    });
  }

  healthLog({ upstream, before, limit }: HealthLogQuery): Promise<readonly HealthLogRow[]> {
    return this.#call(async (db) => {
      let query = db
        .selectFrom('mcp_health_log')
        .leftJoin('mcp_servers', 'mcp_servers.id', 'mcp_health_log.mcp_server_id')
        .selectAll('mcp_health_log')
        .select('mcp_servers.name')
        .orderBy('mcp_health_log.at', 'desc')
        .orderBy('mcp_health_log.id', 'desc')
        .limit(limit);
      if (upstream !== undefined) query = query.where('mcp_servers.name', '=', upstream);
      if (before !== undefined) query = query.where('mcp_health_log.at', '<', timeText(before));
      return (await query.execute()).map((row) => ({
        upstream: row.name,
        at: timeOf(row.at),
        eventType: row.event_type,
        status: row.status,
        previousStatus: row.previous_status,
        reason: row.reason,
        responseTimeMs: row.response_time_ms,
        errorCode: row.error_code,
        errorMessage: row.error_message,
        attempt: row.attempt,
        recoveryEtaMs: row.recovery_eta_ms,
        metadata: row.metadata,
        instanceId: row.instance_id,
      }));
    });
  }

  prune(olderThan: Millis, most: number): Promise<number> {
    const before = timeText(olderThan);
    return this.#write(async (db) => {
      let gone = 0;
      for (const prune of PRUNINGS) {
        const room = /* guard: store/pruned-in-parts */ most - gone;
        const { numDeletedRows } = await prune(db, before, room).executeTakeFirstOrThrow();
        gone += Number(numDeletedRows);
      }
      return gone;
    });
  }

  beginCall(call: CallToKeep, limits: KeptCallLimits): Promise<CallBeginning> {
    // guard: store/calls-in-memory
    if (this.#engine.name === 'memory')
      return Promise.reject(
        new GatewayError('OMNI_IDEMPOTENCY_UNAVAILABLE', 'The store keeps nothing over restarts'),
      );
    return this.#write((db) => beginCall(db, call, limits));
  }

  endCall(id: string, end: KeptOutcome, limits: KeptCallLimits): Promise<boolean> {
    return this.#write((db) => endCall(db, id, end, limits));
  }

  findCall(id: string, now: Millis): Promise<KeptCall | undefined> {
    return this.#write((db) => findCall(db, id, now));
  }

  forgetCall(id: string): Promise<void> {
    return this.#write(async (db) => {
      await db.deleteFrom('kept_calls').where('id', '=', id).execute();
    });
  }

  pruneCalls(now: Millis, most: number): Promise<number> {
    return this.#write(async (db) => {
      const { numDeletedRows } = await db
        .deleteFrom('kept_calls')
        .where('id', 'in', (rows) =>
          rows.selectFrom('kept_calls').select('id').where('kept_until', '<=', timeText(now)).limit(most),
        )
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    });
  }

  addRevision(revision: NewConfigRevision): Promise<number> {
    return this.#write((db) => addRevision(db, revision));
  }

  revisions(limit: number): Promise<readonly ConfigRevision[]> {
    return this.#call(async (db) => {
      const newest = db.selectFrom('config_revisions').selectAll().orderBy('number', 'desc').limit(limit);
      return (await newest.execute()).map(revisionOf);
    });
  }

  findRevision(number: number): Promise<ConfigRevision | undefined> {
    return this.#call(async (db) => {
      const found = db.selectFrom('config_revisions').selectAll().where('number', '=', number);
      const row = await found.executeTakeFirst();
      return row === undefined ? undefined : revisionOf(row);
    });
  }

  keepOverride(override: StoredOverride): Promise<void> {
    return this.#write((db) => keepOverride(db, override));
  }

  forgetOverride(id: string): Promise<void> {
    return this.#write(async (db) => {
      await db.deleteFrom('overrides').where('id', '=', id).execute();
    });
  }

  overrides(now: Millis): Promise<readonly StoredOverride[]> {
    return this.#write((db) => overridesAt(db, now));
  }

  check(): Promise<StoreReport> {
    return this.#call(async (db) => ({
      engine: this.#engine.name,
      schemaVersion: SCHEMA_VERSION,
      problems: await this.#engine.problems(db),
    }));
  }

  getStatus(): ComponentStatus {
    return this.#status;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
    await this.#disconnect();
  }

  /** One call after another. */
  #call<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    // guard: store/closed
    if (this.#isClosed)
      return Promise.reject(new GatewayError('OMNI_STORE_UNAVAILABLE', 'The store is closed'));
    const result = this.#last.then(() => this.#attempt(work));
    this.#last = result.catch(() => {});
    return result;
  }

  /** In one transaction, and only as long as this is the writer. */
  #write<T>(work: (db: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.#call((db) =>
      inTransaction(db, async (transaction) => {
        await this.#checkEpoch(transaction);
        return work(transaction);
      }),
    );
  }

  async #attempt<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    try {
      this.#db ??= await this.#engine.connect(this.#epoch === 0);
      const result = await work(this.#db);
      this.#tell(undefined);
      return result;
    } catch (thrown) {
      const { error, endsConnection } = this.#engine.failureOf(thrown);
      if (endsConnection) await this.#disconnect();
      this.#tell(error);
      throw error;
    }
  }

  async #disconnect(): Promise<void> {
    const db = this.#db;
    this.#db = undefined;
    // What cannot be closed is of no use either.
    await db?.destroy().catch(() => {});
  }

  /** The row is locked, so that whoever claims the store waits for this transaction to end. */
  async #checkEpoch(db: Transaction<Tables>): Promise<void> {
    const epoch = String(this.#epoch);
    const { numUpdatedRows } = await db
      .updateTable('meta')
      .set({ value: epoch })
      .where('key', '=', 'writer_epoch')
      .where('value', '=', epoch)
      .executeTakeFirstOrThrow();
    // guard: store/fence
    if (numUpdatedRows === 0n)
      throw new GatewayError('OMNI_STORE_FENCED', `There is a later writer than number ${epoch}`);
  }

  async #writeState(db: Transaction<Tables>, state: UpstreamStateRow, at: Millis): Promise<void> {
    await db
      .updateTable('mcp_servers')
      .set({
        record: state.record,
        record_revision: state.recordRevision,
        health_status: state.healthStatus,
        circuit_state: state.circuitState,
        consecutive_failures: state.consecutiveFailures,
        failed_cycles: state.failedCycles,
        last_recovery_attempt: optionalTimeText(state.lastRecoveryAttempt),
        next_attempt_at: optionalTimeText(state.nextAttemptAt),
        last_health_check: optionalTimeText(state.lastHealthCheck),
        last_seen: optionalTimeText(state.lastSeen),
        outage_started_at: optionalTimeText(state.outageStartedAt),
        total_downtime_seconds: Math.floor(state.totalDowntimeMs / 1_000),
        disabled_reason: state.disabledReason,
        disabled_at: optionalTimeText(state.disabledAt),
        last_error_code: state.lastErrorCode,
        last_error: state.lastError,
        protocol_version: state.protocolVersion,
        server_info: state.serverInfo,
        updated_at: timeText(at),
        writer_epoch: this.#epoch,
      })
      .where('name', '=', state.name)
      .execute();
  }

  #tell(error: GatewayError | undefined): void {
    const level = error === undefined ? 'ok' : 'error';
    if (level === this.#status.level) return;
    const { name } = this.#engine;
    this.#status = {
      level,
      details: { engine: name, ...(error === undefined ? {} : { code: error.code }) },
      since: this.#clock.now(),
    };
    if (error === undefined) this.#logger.info({ engine: name }, 'The store works again');
    else
      this.#logger.error(
        { engine: name, code: error.code, error: error.logText },
        'The store cannot be used',
      );
  }
}

/** What is forgotten with time, so many rows of each at most. */
const PRUNINGS = [
  (db: Transaction<Tables>, before: string, most: number) =>
    db
      .deleteFrom('mcp_health_log')
      .where('id', 'in', (rows) =>
        rows.selectFrom('mcp_health_log').select('id').where('at', '<', before).limit(most),
      ),
  (db: Transaction<Tables>, before: string, most: number) =>
    db
      .deleteFrom('outbox')
      .where('seq', 'in', (rows) =>
        rows.selectFrom('outbox').select('seq').where('published_at', '<', before).limit(most),
      ),
  (db: Transaction<Tables>, before: string, most: number) =>
    db
      .deleteFrom('written_batches')
      .where('key', 'in', (rows) =>
        rows.selectFrom('written_batches').select('key').where('at', '<', before).limit(most),
      ),
] as const;

/** Becomes the writer, after the transaction of the one before. */
async function claim(db: Kysely<Tables>): Promise<number> {
  return inTransaction(db, async (transaction) => {
    const { value } = await transaction
      .selectFrom('meta')
      .select('value')
      .where('key', '=', 'writer_epoch')
      .executeTakeFirstOrThrow();
    const epoch = Number(value) + 1;
    await transaction
      .updateTable('meta')
      .set({ value: String(epoch) })
      .where('key', '=', 'writer_epoch')
      .execute();
    return epoch;
  });
}

/** What fails first is thrown, also where the database cannot undo what was done any more. */
async function inTransaction<T>(
  db: Kysely<Tables>,
  work: (transaction: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  let first: { readonly error: unknown } | undefined;
  try {
    return await db.transaction().execute(async (transaction) => {
      try {
        return await work(transaction);
      } catch (error) {
        first = { error };
        throw error;
      }
    });
  } catch (error) {
    throw first === undefined ? error : first.error;
  }
}

/** A row that is defined in the store keeps its definition, whoever uses its name for a while. */
async function define(db: Transaction<Tables>, definition: OutsideDefinition, at: Millis): Promise<void> {
  const { name, ...columns } = definition;
  await db
    .insertInto('mcp_servers')
    .values({ name, ...columns, created_at: timeText(at) })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet(columns).where('mcp_servers.source', 'in', OUTSIDE),
    )
    .execute();
}

async function writeLog(db: Transaction<Tables>, log: readonly HealthLogRow[]): Promise<void> {
  const names = log.flatMap(({ upstream }) => (upstream === null ? [] : [upstream]));
  const ids = await idsOf(db, [...new Set(names)]);
  const rows = log.flatMap((row): Insertable<Tables['mcp_health_log']>[] => {
    const id = row.upstream === null ? null : ids.get(row.upstream);
    if (id === undefined) return [];
    return [
      {
        mcp_server_id: id,
        at: timeText(row.at),
        event_type: row.eventType,
        status: row.status,
        previous_status: row.previousStatus,
        reason: row.reason,
        response_time_ms: row.responseTimeMs,
        error_code: row.errorCode,
        error_message: row.errorMessage,
        attempt: row.attempt,
        recovery_eta_ms: row.recoveryEtaMs,
        metadata: row.metadata,
        instance_id: row.instanceId,
      },
    ];
  });
  for (const some of chunks(rows)) await db.insertInto('mcp_health_log').values(some).execute();
}

async function idsOf(
  db: Transaction<Tables>,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  for (const some of chunks(names)) {
    const rows = await db
      .selectFrom('mcp_servers')
      .select(['id', 'name'])
      .where('name', 'in', some)
      .execute();
    for (const { id, name } of rows) ids.set(name, id);
  }
  return ids;
}

function chunks<T>(items: readonly T[]): readonly T[][] {
  return Array.from({ length: Math.ceil(items.length / ROWS_PER_STATEMENT) }, (_, index) =>
    items.slice(index * ROWS_PER_STATEMENT, (index + 1) * ROWS_PER_STATEMENT),
  );
}
