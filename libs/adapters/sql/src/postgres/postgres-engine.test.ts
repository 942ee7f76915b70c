import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { silentLogger, type StateStore, systemClock } from '@omni/ports';
import { stateStoreContract } from '@omni/testing/contracts';
import pg from 'pg';
import { OLDER_TABLES } from '../older-tables.fixture.ts';
import { openStore } from '../open-store.ts';
import { PostgresEngine } from './postgres-engine.ts';
import { POSTGRES_PROGRAMS, PostgresServer } from './postgres-server.fixture.ts';

const describeOnPostgres = POSTGRES_PROGRAMS === undefined ? describe.skip : describe;
const TITLE =
  POSTGRES_PROGRAMS === undefined
    ? 'the store in PostgreSQL: NOT TRIED, for PostgreSQL is not installed'
    : 'the store in PostgreSQL';

jest.setTimeout(60_000);

const options = { clock: systemClock, logger: silentLogger };

describeOnPostgres(TITLE, () => {
  let server: PostgresServer;
  let schemas = 0;
  const stores: StateStore[] = [];

  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  afterAll(async () => {
    await server.remove();
  });

  const newSchema = (): string => `omni "${++schemas}"`;

  const open = async (schema: string): Promise<StateStore> => {
    const store = await openStore({ url: server.url, schema, stateFolder: '/nowhere' }, options);
    stores.push(store);
    return store;
  };

  /** Rows as somebody else who reads the database sees them. */
  const query = async (text: string): Promise<readonly Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };

  stateStoreContract(it, async () => {
    const schema = newSchema();
    return { store: await open(schema), openNext: () => open(schema) };
  });

  it('keeps its tables in the schema that is configured [S001-DB-07]', async () => {
    await open('omni');
    const rows = await query(
      "select table_name from information_schema.tables where table_schema = 'omni' order by table_name",
    );
    expect(rows.map(({ table_name: name }) => name)).toEqual([
      'config_revisions',
      'kept_calls',
      'mcp_health_log',
      'mcp_lists',
      'mcp_servers',
      'meta',
      'outbox',
      'overrides',
      'written_batches',
    ]);
    expect(await query("select 1 from information_schema.tables where table_schema = 'public'")).toEqual([]);
  });

  it('has the columns that others read [S001-DB-01] [S001-DB-02] [S001-DB-03]', async () => {
    await open('columns');
    const rows = await query(
      "select column_name, data_type, character_maximum_length as length, column_default from information_schema.columns where table_schema = 'columns' and table_name = 'mcp_servers'",
    );
    expect(rows).toEqual(
      expect.arrayContaining([
        {
          column_name: 'circuit_state',
          data_type: 'character varying',
          length: 20,
          column_default: "'closed'::character varying",
        },
        { column_name: 'consecutive_failures', data_type: 'integer', length: null, column_default: '0' },
        {
          column_name: 'last_recovery_attempt',
          data_type: 'timestamp with time zone',
          length: null,
          column_default: null,
        },
        { column_name: 'total_downtime_seconds', data_type: 'integer', length: null, column_default: '0' },
      ]),
    );
  });

  it('keeps a definition of its own whose name a file uses for a while', async () => {
    const store = await open('own');
    await query("insert into own.mcp_servers (name, source, definition) values ('a', 'db', '{}')");
    const before = await query('select * from own.mcp_servers');
    const columns = { revision: 'r', transport: null, url: null, enabled: true, critical: false };
    const outside = { ...columns, name: 'a', source: 'file', command: 'other' } as const;
    await store.write({ key: '1', at: 0, defined: [outside, { ...outside, name: 'b' }] });
    await store.write({ key: '2', at: 0, removed: ['a', 'b'] });
    expect(await query('select * from own.mcp_servers')).toEqual(before);
  });

  it('takes four values of health_status and no other [S001-DB-05]', async () => {
    await open('statuses');
    await query("insert into statuses.mcp_servers (name, health_status) values ('a', 'circuit_open')");
    await expect(query("update statuses.mcp_servers set health_status = 'unknown'")).rejects.toMatchObject({
      code: '23514',
    });
  });

  it('gives older tables the columns that they lack, and keeps what they hold [S001-DB-08]', async () => {
    await query(
      `create schema older; set search_path to older; ${OLDER_TABLES.postgres.join('; ')}; alter table mcp_servers alter column health_status type text`,
    );
    const store = await open('older');
    expect((await store.load()).map(({ name }) => name)).toEqual(['docker', 'qa']);
    await store.write({
      key: '1',
      at: 0,
      defined: [
        {
          name: 'new',
          source: 'file',
          revision: 'r',
          transport: null,
          url: null,
          command: null,
          enabled: true,
          critical: false,
        },
      ],
    });
    expect(
      await query('select id, name, team, health_status, circuit_state from older.mcp_servers order by id'),
    ).toEqual([
      { id: 1, name: 'docker', team: 'core', health_status: 'healthy', circuit_state: 'closed' },
      // A status that nobody knows any more.
      { id: 2, name: 'qa', team: 'qa', health_status: 'disconnected', circuit_state: 'closed' },
      { id: 3, name: 'new', team: 'ops', health_status: 'disconnected', circuit_state: 'closed' },
    ]);
    expect(await store.healthLog({ limit: 10 })).toMatchObject([
      { upstream: 'qa', eventType: 'connected', errorMessage: 'kept' },
    ]);
    await expect(query("update older.mcp_servers set health_status = 'fine'")).rejects.toMatchObject({
      code: '23514',
    });
  });

  // guard: store/second-database
  it('is for one Omni at a time', async () => {
    const schema = newSchema();
    const first = await open(schema);
    await expect(open(schema)).rejects.toMatchObject({ code: 'OMNI_STORE_LOCKED' });
    await first.write({ key: '1', at: 0 });
    await first.close();
    expect((await open(schema)).epoch).toBe(first.epoch + 1);
  });

  it('ends a connection of its own that nobody has told that it is gone', async () => {
    const engine = new PostgresEngine({
      url: server.url,
      schema: newSchema(),
      instance: 'one',
      clock: systemClock,
    });
    const lost = await engine.connect();
    const next = await engine.connect();
    await expect(lost.selectFrom('meta').selectAll().execute()).rejects.toThrow();
    expect(await next.selectFrom('meta').selectAll().execute()).toHaveLength(2);
    await next.destroy();
    await lost.destroy();
  });

  it('connects again when its connection was ended', async () => {
    const store = await open(newSchema());
    const [backend] = await query(
      "select pg_terminate_backend(pid) as ended from pg_stat_activity where application_name like 'omni-%' and pid <> pg_backend_pid() limit 1",
    );
    expect(backend).toEqual({ ended: true });
    await expect(store.load()).rejects.toMatchObject({ code: 'OMNI_STORE_UNAVAILABLE' });
    expect(store.getStatus().level).toBe('error');
    expect(await store.load()).toHaveLength(0);
    expect(store.getStatus().level).toBe('ok');
  });

  it('loses and doubles nothing when the server stops in the middle of writing', async () => {
    const store = await open('stopped');
    let stopped = 0;
    const acknowledged: string[] = [];
    let isRunning = true;
    const writing = (async () => {
      for (let number = 0; isRunning || number % 10 !== 0; number++) {
        const event = `event ${number}`;
        while (true) {
          try {
            // A batch without an answer is written once more, under the same key.
            await store.write({ key: `batch ${number}`, at: 0, events: [event] });
            acknowledged.push(event);
            break;
          } catch (error) {
            expect(error).toMatchObject({ code: 'OMNI_STORE_UNAVAILABLE' });
            await new Promise<void>((resolve) => setTimeout(resolve, 10));
          }
        }
      }
    })();
    const reconnections: number[] = [];
    for (; stopped < 3; stopped++) {
      const before = acknowledged.length;
      while (acknowledged.length < before + 50) await new Promise<void>((resolve) => setTimeout(resolve, 5));
      await server.stopAtOnce();
      await server.start();
      const [began, count] = [performance.now(), acknowledged.length];
      while (acknowledged.length === count) await new Promise<void>((resolve) => setTimeout(resolve, 5));
      reconnections.push(performance.now() - began);
    }
    isRunning = false;
    await writing;

    const kept = (await store.pendingEvents(1_000_000)).map(({ event }) => event);
    expect(kept).toEqual(acknowledged);
    expect(Math.max(...reconnections)).toBeLessThan(5_000);
  });

  it('says that the server is down, and works when it is up', async () => {
    await server.stopAtOnce();
    try {
      await expect(open('late')).rejects.toMatchObject({ code: 'OMNI_STORE_UNAVAILABLE' });
    } finally {
      await server.start();
    }
    expect(await (await open('late')).load()).toHaveLength(0);
  });

  it('says that a user may not use the schema', async () => {
    await query('create role stranger login');
    await (await open('private')).close();
    const url = server.url.replace('omni@', 'stranger@');
    await expect(
      openStore({ url, schema: 'private', stateFolder: '/nowhere' }, options),
    ).rejects.toMatchObject({ code: 'OMNI_STORE_DENIED' });
    await expect(openStore({ url, schema: 'own', stateFolder: '/nowhere' }, options)).rejects.toMatchObject({
      code: 'OMNI_STORE_DENIED',
    });
  });

  it('refuses a schema of a newer version', async () => {
    const store = await open('newer');
    await store.close();
    await query("update newer.meta set value = '1000' where key = 'schema_version'");
    await expect(open('newer')).rejects.toMatchObject({ code: 'OMNI_STORE_NEWER' });
  });
});
