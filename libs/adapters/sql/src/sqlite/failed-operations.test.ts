import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { GatewayError, silentLogger, type StateStore, type StoreBatch } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { openStore } from '../open-store.ts';
import { SqlStore } from '../sql-store.ts';
import { openDatabase, type OpenDatabase } from './node-sqlite.ts';
import { SqliteEngine } from './sqlite-engine.ts';

jest.setTimeout(60_000);

const options = { clock: new VirtualClock(), logger: silentLogger };

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-failed-'));
  path = join(folder, 'omni.db');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const BATCH: StoreBatch = {
  key: 'batch',
  at: 1,
  defined: ['a', 'b'].map((name) => ({
    name,
    source: 'file',
    revision: 'r',
    transport: 'http',
    url: 'https://a.test',
    command: null,
    enabled: true,
    critical: false,
  })),
  log: [
    {
      upstream: 'a',
      at: 1,
      eventType: 'connected',
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
    },
  ],
  events: ['one', 'two'],
};
const BEFORE: StoreBatch = { ...BATCH, key: 'before', events: ['zero'] };

/** What a caller does, and what a caller does again when it has failed. */
const SCENARIOS: Readonly<Record<string, (store: StateStore) => Promise<unknown>>> = {
  'a batch': (store) => store.write(BATCH),
  'a batch that removes': (store) => store.write({ key: 'removal', at: 1, removed: ['a'] }),
  'a list': (store) =>
    store.saveList({
      upstream: 'a',
      revision: 'r',
      kind: 'tools',
      bytes: new Uint8Array(50_000).fill(7),
      readAt: 1,
    }),
  'events that are published': async (store) => {
    const [event] = await store.pendingEvents(1);
    await store.markPublished(event?.sequence ?? 0);
  },
  retention: (store) => store.prune(2, 100),
  'what was kept': async (store) => {
    await store.load();
    await store.loadLists();
    await store.definitions();
    await store.healthLog({ limit: 10 });
  },
  'a look for damage': (store) => store.check(),
};

/** Codes of SQLite: after the first the connection is given up, after the second it is kept. */
const RESULTS: Readonly<Record<string, number>> = { SQLITE_IOERR: 10, SQLITE_BUSY: 5 };

interface Fault {
  /** How many statements run before the one that fails. */
  readonly after: number;
  readonly errcode: number;
  /** Whether it fails when it has done what it does. */
  readonly isDone: boolean;
}

/** A database of which one statement fails, counted over all connections. */
function failing({ after, errcode, isDone }: Fault): {
  readonly open: OpenDatabase;
  arm(): void;
  readonly hasFailed: () => boolean;
} {
  let left = Infinity;
  const failed = (): boolean => left < 0;
  const around =
    <P extends readonly unknown[], R>(run: (...parameters: P) => R) =>
    (...parameters: P): R => {
      const fails = left-- === 0;
      if (!fails) return run(...parameters);
      if (isDone) run(...parameters);
      throw Object.assign(new Error('injected'), { errcode });
    };
  return {
    arm: () => (left = after),
    hasFailed: failed,
    open(at, given) {
      const database = openDatabase(at, given);
      const prepare = database.prepare.bind(database);
      database.prepare = (sql) => {
        const statement = prepare(sql);
        statement.run = around(statement.run.bind(statement)) as StatementSync['run'];
        statement.all = around(statement.all.bind(statement)) as StatementSync['all'];
        return statement;
      };
      return database;
    },
  };
}

/** Everything that is kept, without the numbers of rows. */
async function contents(store: StateStore): Promise<unknown> {
  const events = await store.pendingEvents(100);
  const lists = await store.loadLists();
  return {
    servers: await store.load(),
    lists: lists.map(({ bytes, ...list }) => ({ ...list, length: bytes.length })),
    log: await store.healthLog({ limit: 100 }),
    events: events.map(({ event }) => event),
  };
}

describe.each(Object.entries(SCENARIOS))('when any statement fails: %s', (_title, run) => {
  const cases = Object.entries(RESULTS).flatMap(([name, errcode]) =>
    [false, true].map((isDone) => [name, isDone ? 'after' : 'before', { errcode, isDone }] as const),
  );

  it.each(cases)(
    '%s %s it has run: whole or not at all, and once when it is repeated',
    async (_code, _when, kind) => {
      // As it is without a failure.
      const sound = await openStore({ url: 'memory:', schema: 'omni', stateFolder: folder }, options);
      await sound.write(BEFORE);
      const untouched = await contents(sound);
      await run(sound);
      const done = await contents(sound);
      await sound.close();

      const template = `${path}.template`;
      const first = await SqlStore.open(new SqliteEngine(template), options);
      await first.write(BEFORE);
      await first.close();

      let failures = 0;
      for (let after = 0; ; after++) {
        for (const suffix of ['', '-wal', '-shm']) await rm(path + suffix, { force: true });
        await copyFile(template, path);
        const fault = failing({ after, ...kind });
        const store = await SqlStore.open(new SqliteEngine(path, fault.open), options);
        fault.arm();
        const error = await run(store).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (!fault.hasFailed()) {
          expect(error).toBeUndefined();
          await store.close();
          break;
        }
        if (error !== undefined) {
          failures++;
          expect(error).toBeInstanceOf(GatewayError);
          expect((error as GatewayError).code).toMatch(/^OMNI_STORE_(?:UNAVAILABLE|FULL)$/);
          expect([untouched, done]).toContainEqual(await contents(store));
          await run(store);
        }
        expect(await contents(store)).toEqual(done);
        expect((await store.check()).problems).toEqual([]);
        await store.close();
      }
      expect(failures).toBeGreaterThan(0);
    },
  );
});

// guard: store/reopen
describe('a connection whose statement failed', () => {
  it.each([
    ['SQLITE_IOERR', 'is given up', true],
    ['SQLITE_BUSY', 'is used again', false],
  ])('with %s %s', async (code, _what, isGivenUp) => {
    const fault = failing({ after: 0, errcode: RESULTS[code] ?? 0, isDone: false });
    let opened = 0;
    const engine = new SqliteEngine(path, (at, given) => {
      opened++;
      return fault.open(at, given);
    });
    const store = await SqlStore.open(engine, options);
    const before = opened;
    fault.arm();
    await expect(store.load()).rejects.toMatchObject({ code: 'OMNI_STORE_UNAVAILABLE' });
    expect(await store.load()).toEqual([]);
    expect(opened > before).toBe(isGivenUp);
    await store.close();
  });
});

describe('a full disk', () => {
  it('keeps nothing of a batch that it has no room for, and goes on when there is room', async () => {
    const store = await openStore({ url: 'sqlite:', schema: 'omni', stateFolder: folder }, options);
    await store.write(BEFORE);
    await store.close();

    // The limit is one of the connection, so the store has to be opened with it.
    let limited: DatabaseSync | undefined;
    const engine = new SqliteEngine(path, (at, given) => {
      const database = openDatabase(at, given);
      if (given.readOnly !== true) limited = database;
      return database;
    });
    const small = await SqlStore.open(engine, options);
    const setLimit = (pages: number): unknown => limited?.prepare(`pragma max_page_count = ${pages}`).get();
    const big = (key: string): StoreBatch => ({ key, at: 1, events: ['x'.repeat(200_000), key] });
    const [{ page_count: pages } = { page_count: 0 }] = limited?.prepare('pragma page_count').all() ?? [];
    for (let room = 0; room < 60; room += 7) {
      const key = `with room for ${room}`;
      setLimit(Number(pages) + room);
      const before = await contents(small);
      const error = await small.write(big(key)).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error === undefined) {
        expect(room).toBeGreaterThan(40);
        break;
      }
      expect(error).toMatchObject({ code: 'OMNI_STORE_FULL' });
      expect(small.getStatus()).toMatchObject({ level: 'error', details: { code: 'OMNI_STORE_FULL' } });
      expect(await contents(small)).toEqual(before);
    }
    setLimit(1_000_000);
    // The row that says what could not be written.
    await small.write({
      key: 'after',
      at: 9,
      log: [{ ...BATCH.log![0]!, upstream: null, eventType: 'gap' }],
    });
    expect(small.getStatus().level).toBe('ok');
    expect((await small.healthLog({ limit: 1 }))[0]).toMatchObject({ upstream: null, eventType: 'gap' });
    expect((await small.check()).problems).toEqual([]);
    await small.close();
  });
});
