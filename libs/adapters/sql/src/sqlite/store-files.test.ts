import { copyFile, mkdtemp, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger, type StateStore } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { openStore } from '../open-store.ts';
import { lockStore } from './lock-store.ts';
import { backupStore, checkStore, restoreStore } from './store-files.ts';

let clock: VirtualClock;
let stateFolder: string;
let path: string;
let copy: string;
let store: StateStore;
beforeEach(async () => {
  clock = new VirtualClock();
  stateFolder = await mkdtemp(join(tmpdir(), 'omni-files-'));
  path = join(stateFolder, 'omni.db');
  copy = join(stateFolder, 'copy.db');
  store = await open();
  await store.write({ key: '1', at: 0, events: ['first'] });
});
afterEach(async () => {
  await store.close();
  await rm(stateFolder, { recursive: true });
});

function open(): Promise<StateStore> {
  return openStore({ url: 'sqlite:', schema: 'omni', stateFolder }, { clock, logger: silentLogger });
}

async function events(of: StateStore): Promise<readonly string[]> {
  return (await of.pendingEvents(10)).map(({ event }) => event);
}

describe('checkStore', () => {
  it('looks at a store that is in use', async () => {
    expect(await checkStore(path)).toEqual({ path, engine: 'sqlite', schemaVersion: 4, problems: [] });
    await store.write({ key: '2', at: 0, events: ['second'] });
  });

  it('says what is wrong with a damaged one', async () => {
    await store.close();
    await truncate(path, 8_192);
    expect((await checkStore(path)).problems).toEqual([expect.stringContaining(path)]);
    await truncate(path, 0);
    expect((await checkStore(path)).problems).toEqual([`${path} is empty`]);
  });

  it('says that there is none', async () => {
    await expect(checkStore(copy)).rejects.toMatchObject({ code: 'OMNI_STORE_UNAVAILABLE' });
  });
});

describe('backupStore', () => {
  it('copies a store that is in use, for this user alone', async () => {
    const size = await backupStore(path, copy);
    const facts = await stat(copy);
    expect([facts.size, facts.mode & 0o777]).toEqual([size, 0o600]);
    expect((await checkStore(copy)).problems).toEqual([]);
  });

  it('overwrites nothing', async () => {
    await writeFile(copy, 'mine');
    await expect(backupStore(path, copy)).rejects.toMatchObject({ code: 'OMNI_USAGE' });
    await expect(backupStore(path, join(stateFolder, 'not', 'there.db'))).rejects.toMatchObject({
      code: 'OMNI_STORE_DENIED',
    });
  });

  it('copies no damaged store', async () => {
    await store.close();
    await truncate(path, 8_192);
    await expect(backupStore(path, copy)).rejects.toMatchObject({ code: 'OMNI_STORE_CORRUPT' });
    expect(await readdir(stateFolder)).not.toContain('copy.db');
  });
});

describe('restoreStore', () => {
  const restore = (): Promise<string | undefined> => restoreStore({ path, stateFolder, clock }, copy);

  it('puts a backup in the place of a store, and keeps that', async () => {
    await backupStore(path, copy);
    await store.write({ key: '2', at: 0, events: ['second'] });
    await store.close();
    const former = await restore();
    expect(former).toBe(`${path}.2026-01-01T00-00-00-000Z`);
    const restored = await open();
    expect(await events(restored)).toEqual(['first']);
    await restored.close();
    expect((await checkStore(former ?? '')).problems).toEqual([]);
  });

  it('puts a backup in the place of a damaged store, or of none', async () => {
    await backupStore(path, copy);
    await store.close();
    await truncate(path, 8_192);
    await restore();
    expect((await checkStore(path)).problems).toEqual([]);
    await rm(path);
    expect(await restore()).toBeUndefined();
    expect((await checkStore(path)).problems).toEqual([]);
  });

  it('takes back what it has put aside, with what only the log of a killed gateway had', async () => {
    await backupStore(path, copy);
    await store.write({ key: '2', at: 0, events: ['second'] });
    const killed = join(stateFolder, 'killed');
    for (const suffix of ['', '-wal']) await copyFile(path + suffix, killed + suffix);
    await store.close();
    for (const suffix of ['', '-wal']) await rename(killed + suffix, path + suffix);
    const former = (await restore()) ?? '';
    expect((await stat(`${former}-wal`)).size).toBeGreaterThan(0);

    clock.advance(1_000);
    await restoreStore({ path, stateFolder, clock }, former);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const back = await open();
    expect(await events(back)).toEqual(['first', 'second']);
    await back.close();
  });

  it('does nothing while a gateway runs', async () => {
    await backupStore(path, copy);
    const release = await lockStore(stateFolder);
    await expect(restore()).rejects.toMatchObject({ code: 'OMNI_STORE_LOCKED' });
    release();
    const releaseOther = await lockStore(join(stateFolder, 'other'), path);
    await expect(restore()).rejects.toMatchObject({ code: 'OMNI_STORE_LOCKED' });
    releaseOther();
  });

  it('takes nothing that is no backup', async () => {
    await store.close();
    await writeFile(copy, 'something else, and rather more of it than a header needs', { mode: 0o600 });
    await expect(restore()).rejects.toMatchObject({ code: 'OMNI_STORE_CORRUPT' });
    await rm(copy);
    await expect(restore()).rejects.toMatchObject({ code: 'OMNI_STORE_UNAVAILABLE' });
    const kept = await open();
    expect(await events(kept)).toEqual(['first']);
    await kept.close();
  });
});
