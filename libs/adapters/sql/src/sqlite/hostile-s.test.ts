import { copyFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger, type StateStore } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { openStore } from '../open-store.ts';
import { backupStore, restoreStore } from './store-files.ts';

const clock = new VirtualClock();
let stateFolder: string;
let path: string;
beforeEach(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), 'omni-hostile-'));
  path = join(stateFolder, 'omni.db');
});
afterEach(() => rm(stateFolder, { recursive: true, force: true }));

function open(url = 'sqlite:'): Promise<StateStore> {
  return openStore({ url, schema: 'omni', stateFolder }, { clock, logger: silentLogger });
}

async function events(of: StateStore): Promise<readonly string[]> {
  return (await of.pendingEvents(10)).map(({ event }) => event);
}

describe('restoreStore', () => {
  it('takes back what it has put aside, with what a killed gateway had not taken over from the log', async () => {
    const store = await open();
    await store.write({ key: '1', at: 0, events: ['first'] });
    await store.close();
    const backup = join(stateFolder, 'backup.db');
    await backupStore(path, backup);
    const again = await open();
    await again.write({ key: '2', at: 0, events: ['second'] });
    // What a kill leaves behind: database and log, as they are now.
    const killed = join(stateFolder, 'killed');
    await copyFile(path, killed);
    await copyFile(`${path}-wal`, `${killed}-wal`);
    await again.close();
    await copyFile(killed, path);
    await copyFile(`${killed}-wal`, `${path}-wal`);

    const former = await restoreStore({ path, stateFolder, clock }, backup);
    expect((await stat(`${former ?? ''}-wal`)).size).toBeGreaterThan(0);
    // That was the wrong backup: what was there is wanted back, by the name that was printed.
    const later = { ...clock, now: () => clock.now() + 60_000 } as unknown as VirtualClock;
    await restoreStore({ path, stateFolder, clock: later }, former ?? '');
    const back = await open();
    expect(await events(back)).toEqual(['first', 'second']);
    await back.close();
  });
});
