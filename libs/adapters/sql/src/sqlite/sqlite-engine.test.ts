import { createHash } from 'node:crypto';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { silentLogger, type StateStore } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { openStore } from '../open-store.ts';
import { SqlStore } from '../sql-store.ts';
import { openDatabase } from './node-sqlite.ts';
import { checkDatabaseFile } from './private-path.ts';
import { CAN_MOUNT, runReadOnly } from './read-only.fixture.ts';
import { SqliteEngine } from './sqlite-engine.ts';
import { refuseOldSqlite } from './sqlite-version.ts';

const options = { clock: new VirtualClock(), logger: silentLogger };
const PAGE_BYTES = 4_096;

let folder: string;
let path: string;
const stores: StateStore[] = [];

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'omni-sqlite-')), 'state');
  path = join(folder, 'omni.db');
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await rm(join(folder, '..'), { recursive: true });
});

async function openAt(url = 'sqlite:'): Promise<StateStore> {
  const store = await openStore({ url, schema: 'omni', stateFolder: folder }, options);
  stores.push(store);
  return store;
}

/** A store with rows, closed. */
async function filled(): Promise<void> {
  const store = await openAt();
  const defined = Array.from({ length: 300 }, (_, index) => ({
    name: `server-${index}`,
    source: 'file' as const,
    revision: 'r',
    transport: 'http',
    url: `https://example.test/${'x'.repeat(200)}`,
    command: null,
    enabled: true,
    critical: false,
  }));
  await store.write({ key: '1', at: 0, defined });
  await store.close();
}

/** Of every file that holds anything but what SQLite makes to read. */
async function hashes(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const name of (await readdir(folder)).toSorted()) {
    const bytes = await readFile(join(folder, name));
    if (bytes.length > 0 && !name.endsWith('-shm'))
      found.set(name, createHash('sha256').update(bytes).digest('hex'));
  }
  return found;
}

function pragma(name: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare(`pragma ${name}`).get()?.[name];
  } finally {
    database.close();
  }
}

describe('a new store in SQLite', () => {
  // guard: store/created-mode
  it('belongs to its user alone', async () => {
    const before = process.umask(0);
    try {
      const store = await openAt();
      await store.write({ key: '1', at: 0 });
    } finally {
      process.umask(before);
    }
    const modes = await Promise.all(
      ['.', 'omni.db', 'omni.db-wal'].map(async (name) => (await stat(join(folder, name))).mode & 0o777),
    );
    expect(modes).toEqual([0o700, 0o600, 0o600]);
  });

  it('writes to a log, and waits for the disk', async () => {
    await openAt();
    expect(pragma('journal_mode')).toBe('wal');
    expect(pragma('application_id')).toBe(0x4f4d4e49);
  });

  it('is where the URL says', async () => {
    await openAt(`sqlite:${join(folder, 'deep', 'own.db')}`);
    await openAt(`sqlite:${join(folder, 'absolute.db')}`);
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['absolute.db', 'deep']));
    expect(await readdir(join(folder, 'deep'))).toContain('own.db');
    await expect(openAt('mysql://user:secret@host/db')).rejects.toMatchObject({
      code: 'OMNI_CONFIG_INVALID',
    });
  });

  it('begins again where making it was interrupted', async () => {
    await mkdir(folder, { mode: 0o700 });
    await writeFile(`${path}.new`, 'half of a database', { mode: 0o600 });
    expect(await (await openAt()).load()).toHaveLength(0);
  });

  // guard: store/old-sqlite
  it('needs a SQLite without the bug of write-ahead logs', () => {
    for (const version of ['3.51.3', '3.51.10', '3.52.0', '4.0.0'])
      expect(() => refuseOldSqlite(version)).not.toThrow();
    for (const version of ['3.50.4', '3.51.2', '2.99.9'])
      expect(() => refuseOldSqlite(version)).toThrow(
        expect.objectContaining({ code: 'OMNI_STORE_UNSUPPORTED' }),
      );
  });
});

describe('rights to a store in SQLite', () => {
  /** Whoever only looks is told the same as whoever opens it. */
  const expectDenied = async (at: string, facts: Record<string, string>): Promise<void> => {
    const denied = expect.objectContaining({ code: 'OMNI_STORE_DENIED', ...facts });
    await expect(openAt(`sqlite:${at}`)).rejects.toEqual(denied);
    await expect(checkDatabaseFile(at)).rejects.toEqual(denied);
  };

  it('are there for a store that is well, or that is still to be made', async () => {
    await checkDatabaseFile(path);
    await filled();
    await checkDatabaseFile(path);
  });

  // guard: store/mode
  it('are refused when others have them', async () => {
    await filled();
    await chmod(path, 0o640);
    await expectDenied(path, { hint: `chmod 600 ${path}` });
    await chmod(path, 0o600);
    await chmod(folder, 0o777);
    await expectDenied(path, { hint: `chmod 700 ${folder}` });
  });

  // guard: store/owner
  it('are refused when another user owns the store', async () => {
    await filled();
    const owner = process.getuid?.() ?? 0;
    const getuid = jest.spyOn(process, 'getuid').mockReturnValue(owner + 1);
    try {
      await expect(openAt()).rejects.toMatchObject({
        code: 'OMNI_STORE_DENIED',
        message: `${folder} belongs to another user`,
      });
      await expect(checkDatabaseFile(path)).rejects.toMatchObject({
        code: 'OMNI_STORE_DENIED',
        message: `${path} belongs to another user`,
      });
    } finally {
      getuid.mockRestore();
    }
  });

  // guard: store/no-file
  it('are not looked for behind links, or in folders', async () => {
    await filled();
    await symlink(path, join(folder, 'link.db'));
    await mkdir(join(folder, 'folder.db'));
    for (const at of [join(folder, 'link.db'), join(folder, 'folder.db')])
      await expectDenied(at, { message: `${at} is no file` });
  });

  (CAN_MOUNT ? it : it.skip)('are missing where nothing can be written', async () => {
    await filled();
    const module = new URL('./private-path.ts', import.meta.url).href;
    const program = `const { checkDatabaseFile } = await import(${JSON.stringify(module)});
      await checkDatabaseFile(${JSON.stringify(path)}).catch(({ message }) => console.log(message));`;
    expect(runReadOnly(folder, program)).toBe(`Cannot use ${path}: EROFS`);
  });

  it('are missing where the folder cannot be made', async () => {
    await writeFile(folder, 'a file', { mode: 0o600 });
    await expect(openAt()).rejects.toMatchObject({ code: 'OMNI_STORE_DENIED' });
  });
});

describe('a damaged store in SQLite', () => {
  type Damage = () => Promise<void>;
  const overwrite = async (position: number, length: number, byte: number): Promise<void> => {
    await using file = await open(path, 'r+');
    await file.write(new Uint8Array(length).fill(byte), 0, length, position);
  };
  const damages: readonly (readonly [string, Damage])[] = [
    ['that is empty', () => truncate(path, 0)],
    ['that is cut', () => truncate(path, 5 * PAGE_BYTES)],
    ['with a header of zeros', () => overwrite(0, 100, 0)],
    ['with a page of noise', () => overwrite(8 * PAGE_BYTES, PAGE_BYTES, 0xa5)],
    ['that is all zeros', async () => overwrite(0, (await stat(path)).size, 0)],
    [
      'of which the log of writes alone is left',
      async () => {
        await rm(path);
        await writeFile(`${path}-wal`, 'writes', { mode: 0o600 });
      },
    ],
  ];

  // guard: store/empty, store/damaged, store/gone
  it.each(damages)('%s is refused and not touched', async (_title, damage) => {
    await filled();
    await damage();
    const before = await hashes();
    await expect(openAt()).rejects.toMatchObject({
      code: 'OMNI_STORE_CORRUPT',
      hint: expect.stringContaining('omni store restore'),
    });
    expect(await hashes()).toEqual(before);
  });

  // guard: store/foreign
  it('is not taken for one of another program', async () => {
    await mkdir(folder, { mode: 0o700 });
    const other = new DatabaseSync(path);
    other.exec('create table theirs (x); pragma application_id = 7');
    other.close();
    await chmod(path, 0o600);
    const before = await hashes();
    await expect(openAt()).rejects.toMatchObject({ code: 'OMNI_STORE_NEWER' });
    expect(await hashes()).toEqual(before);
  });

  // guard: store/newer
  it('is not taken for one of a newer version', async () => {
    await filled();
    const newer = new DatabaseSync(path);
    newer.exec("update meta set value = '1000' where key = 'schema_version'");
    newer.close();
    const before = await hashes();
    await expect(openAt()).rejects.toMatchObject({ code: 'OMNI_STORE_NEWER' });
    expect(await hashes()).toEqual(before);
  });

  it('is never made anew while Omni runs', async () => {
    await filled();
    let fails = false;
    const engine = new SqliteEngine(path, (at, given) => {
      const database = openDatabase(at, given);
      const prepare = database.prepare.bind(database);
      database.prepare = (sql) => {
        if (fails) throw Object.assign(new Error('disk I/O error'), { errcode: 10 });
        return prepare(sql);
      };
      return database;
    });
    const store = await SqlStore.open(engine, options);
    stores.push(store);
    fails = true;
    await expect(store.load()).rejects.toMatchObject({ code: 'OMNI_STORE_UNAVAILABLE' });
    fails = false;
    await rm(path);
    await expect(store.load()).rejects.toMatchObject({ code: 'OMNI_STORE_CORRUPT' });
    expect(await readdir(folder)).not.toContain('omni.db');
  });
});

describe('a store in SQLite that others use', () => {
  it('waits for them for a while', async () => {
    const store = await openAt();
    const other = new DatabaseSync(path);
    other.exec('begin immediate');
    const began = performance.now();
    await expect(store.write({ key: '1', at: 0 })).rejects.toMatchObject({ code: 'OMNI_STORE_UNAVAILABLE' });
    expect(performance.now() - began).toBeLessThan(4_000);
    other.exec('rollback');
    other.close();
    await store.write({ key: '1', at: 0, events: ['told'] });
    expect(await store.pendingEvents(10)).toHaveLength(1);
  });

  // guard: store/fence
  it('lets the newest writer write, and no other [S001-ARC-04]', async () => {
    const first = await openAt();
    await first.write({ key: '1', at: 0, events: ['of the first'] });
    const second = await openAt();
    expect(second.epoch).toBe(first.epoch + 1);
    await expect(first.write({ key: '2', at: 0, events: ['too late'] })).rejects.toMatchObject({
      code: 'OMNI_STORE_FENCED',
    });
    await expect(first.prune(1, 100)).rejects.toMatchObject({ code: 'OMNI_STORE_FENCED' });
    await second.write({ key: '3', at: 0, events: ['of the second'] });
    expect((await first.pendingEvents(10)).map(({ event }) => event)).toEqual([
      'of the first',
      'of the second',
    ]);
  });

  it('is whole in a copy that lacks the log of writes', async () => {
    await filled();
    await copyFile(path, join(folder, 'copy.db'));
    await chmod(join(folder, 'copy.db'), 0o600);
    expect(await (await openAt(`sqlite:${join(folder, 'copy.db')}`)).load()).toHaveLength(300);
  });
});
