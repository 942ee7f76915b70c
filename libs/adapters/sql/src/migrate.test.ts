import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type HealthLogRow, silentLogger, type StateStore } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { OLDER_TABLES } from './older-tables.fixture.ts';
import { openStore } from './open-store.ts';
import { SqlStore } from './sql-store.ts';
import { SqliteEngine } from './sqlite/sqlite-engine.ts';
import { openDatabase } from './sqlite/node-sqlite.ts';

const options = { clock: new VirtualClock(), logger: silentLogger };

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-migrate-'));
  path = join(folder, 'omni.db');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function open(): Promise<StateStore> {
  return openStore({ url: 'sqlite:', schema: 'omni', stateFolder: folder }, options);
}

/** The database as somebody else reads it. */
function query(text: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(path);
  try {
    return database
      .prepare(text)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

async function makeOlder(): Promise<void> {
  const database = new DatabaseSync(path);
  for (const statement of OLDER_TABLES.sqlite) database.exec(statement);
  database.close();
  await chmod(path, 0o600);
}

describe('the tables in SQLite', () => {
  it('have the columns that others read [S001-DB-01] [S001-DB-02] [S001-DB-03]', async () => {
    await (await open()).close();
    const columns = query("select name, type, dflt_value from pragma_table_info('mcp_servers')");
    expect(columns).toEqual(
      expect.arrayContaining(
        [
          { name: 'circuit_state', type: 'varchar(20)', dflt_value: "'closed'" },
          { name: 'consecutive_failures', type: 'INTEGER', dflt_value: '0' },
          { name: 'last_recovery_attempt', type: 'timestamp', dflt_value: null },
          { name: 'total_downtime_seconds', type: 'INTEGER', dflt_value: '0' },
        ].map((column) => ({
          ...column,
          type: expect.stringMatching(new RegExp(`^${escaped(column.type)}$`, 'i')),
        })),
      ),
    );
  });

  it('take four values of health_status and no other [S001-DB-05]', async () => {
    await (await open()).close();
    query("insert into mcp_servers (name, health_status) values ('a', 'circuit_open')");
    expect(() => query("insert into mcp_servers (name, health_status) values ('b', 'fine')")).toThrow(
      'CHECK',
    );
    expect(() => query("update mcp_servers set health_status = 'unknown'")).toThrow('CHECK');
  });

  it('keep every column of a state, and whole seconds of downtime', async () => {
    const store = await open();
    await store.write({
      key: '1',
      at: Date.UTC(2026, 0, 2),
      defined: [
        {
          name: 'a',
          source: 'file',
          revision: 'r',
          transport: 'http',
          url: 'https://a.test',
          command: null,
          enabled: true,
          critical: true,
        },
      ],
      states: [
        {
          name: 'a',
          record: '{}',
          recordRevision: 'r1',
          healthStatus: 'circuit_open',
          circuitState: 'half_open',
          consecutiveFailures: 5,
          failedCycles: 2,
          lastRecoveryAttempt: Date.UTC(2026, 0, 1, 1),
          nextAttemptAt: Date.UTC(2026, 0, 1, 2),
          lastHealthCheck: Date.UTC(2026, 0, 1, 3),
          lastSeen: Date.UTC(2026, 0, 1, 4),
          outageStartedAt: Date.UTC(2026, 0, 1, 5),
          totalDowntimeMs: 60_999,
          disabledReason: 'admin',
          disabledAt: Date.UTC(2026, 0, 1, 6),
          lastErrorCode: 'OMNI_UPSTREAM_DOWN',
          lastError: 'gone',
          protocolVersion: '2026-07-28',
          serverInfo: '{"name":"x"}',
        },
      ],
    });
    const { epoch } = store;
    await store.close();
    expect(query('select * from mcp_servers')).toEqual([
      {
        id: 1,
        name: 'a',
        source: 'file',
        revision: 'r',
        definition: null,
        transport: 'http',
        url: 'https://a.test',
        command: null,
        enabled: 1,
        critical: 1,
        health_status: 'circuit_open',
        circuit_state: 'half_open',
        consecutive_failures: 5,
        failed_cycles: 2,
        last_recovery_attempt: '2026-01-01T01:00:00.000Z',
        next_attempt_at: '2026-01-01T02:00:00.000Z',
        last_health_check: '2026-01-01T03:00:00.000Z',
        last_seen: '2026-01-01T04:00:00.000Z',
        outage_started_at: '2026-01-01T05:00:00.000Z',
        total_downtime_seconds: 60,
        disabled_reason: 'admin',
        disabled_at: '2026-01-01T06:00:00.000Z',
        last_error_code: 'OMNI_UPSTREAM_DOWN',
        last_error: 'gone',
        protocol_version: '2026-07-28',
        server_info: '{"name":"x"}',
        record: '{}',
        record_revision: 'r1',
        created_at: '2026-01-02T00:00:00.000Z',
        updated_at: '2026-01-02T00:00:00.000Z',
        writer_epoch: epoch,
      },
    ]);
  });

  it('name servers that are defined in them', async () => {
    await (await open()).close();
    query(
      "insert into mcp_servers (name, source, definition, enabled) values ('a', 'api', '{}', false), ('b', 'db', null, true), ('c', 'file', null, true)",
    );
    const store = await open();
    const columns = { revision: null, transport: null, url: null, command: null, critical: false };
    expect(await store.definitions()).toEqual([
      { name: 'a', source: 'api', definition: '{}', enabled: false, ...columns },
      { name: 'b', source: 'db', definition: null, enabled: true, ...columns },
    ]);
    await store.close();
  });

  it('keep a definition of their own whose name a file uses for a while', async () => {
    await (await open()).close();
    const columns = { transport: null, url: null, command: 'other', enabled: true, critical: false };
    for (const source of ['db', 'api']) {
      query(
        `insert into mcp_servers (name, source, definition) values ('${source}', '${source}', '{"command":"mine"}')`,
      );
    }
    const before = query('select * from mcp_servers');
    const store = await open();
    const names = ['db', 'api', 'file', 'registry'];
    await store.write({
      key: '1',
      at: 0,
      defined: names.map((name) => ({
        ...columns,
        name,
        source: name === 'registry' ? 'registry' : 'file',
        revision: 'r',
      })),
    });
    await store.write({ key: '2', at: 0, removed: names });
    await store.close();
    expect(query('select * from mcp_servers')).toEqual(before);
  });
});

describe('older tables in SQLite', () => {
  it('get the columns that they lack, and keep what they hold [S001-DB-08]', async () => {
    await makeOlder();
    const before = query('select * from mcp_servers order by id');
    const store = await open();
    expect((await store.load()).map(({ name }) => name)).toEqual(['docker', 'qa']);
    expect((await store.definitions()).map(({ name, url }) => [name, url])).toEqual([
      ['docker', 'http://docker.test/mcp'],
      ['qa', 'http://qa.test/mcp'],
    ]);
    await store.write({ key: '1', at: 0, log: [logRow('qa')] });
    await store.close();

    expect(query('select * from mcp_servers order by id')).toMatchObject([
      { ...before[0], circuit_state: 'closed', consecutive_failures: 0, total_downtime_seconds: 0 },
      // A status that nobody knows any more.
      { ...before[1], health_status: 'disconnected', last_recovery_attempt: null },
    ]);
    expect(
      query('select id, mcp_server_id, event_type, error_message from mcp_health_log order by id'),
    ).toEqual([
      { id: 1, mcp_server_id: 2, event_type: 'connected', error_message: 'kept' },
      { id: 2, mcp_server_id: 2, event_type: 'disconnected', error_message: null },
    ]);
    expect(() => query("update mcp_servers set health_status = 'fine'")).toThrow('four values');
    expect(() => query("insert into mcp_servers (name, health_status) values ('x', 'fine')")).toThrow(
      'four values',
    );
  });

  it('are whole or as they were when an upgrade is cut off at any statement', async () => {
    for (let allowed = 0; ; allowed++) {
      await rm(path, { force: true });
      await makeOlder();
      const before = query('select * from sqlite_schema');
      let prepared = 0;
      const engine = new SqliteEngine(path, (at, given) => {
        const database = openDatabase(at, given);
        if (given.readOnly === true) return database;
        const prepare = database.prepare.bind(database);
        database.prepare = (sql) => {
          if (sql !== 'rollback' && prepared++ >= allowed)
            throw Object.assign(new Error('cut off'), { errcode: 10 });
          return prepare(sql);
        };
        return database;
      });
      const opened = await SqlStore.open(engine, options).catch(() => undefined);
      await opened?.close();
      const version = query("select name from sqlite_schema where name = 'meta'").length;
      if (version === 0) expect(query('select * from sqlite_schema')).toEqual(before);

      const store = await open();
      expect(await store.load()).toHaveLength(2);
      expect((await store.check()).problems).toEqual([]);
      await store.close();
      if (opened !== undefined) {
        expect(allowed).toBeGreaterThan(40);
        return;
      }
    }
  });
});

function logRow(upstream: string): HealthLogRow {
  return {
    upstream,
    at: 0,
    eventType: 'disconnected',
    status: null,
    previousStatus: null,
    reason: null,
    responseTimeMs: null,
    errorCode: null,
    errorMessage: null,
    attempt: null,
    recoveryEtaMs: null,
    metadata: null,
    instanceId: null,
  };
}

function escaped(text: string): string {
  return text.replaceAll(/[()]/g, String.raw`\$&`);
}
