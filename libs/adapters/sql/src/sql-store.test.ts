import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from '@jest/globals';
import { silentLogger } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { stateStoreContract } from '@omni/testing/contracts';
import { openStore } from './open-store.ts';

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

const options = { clock: new VirtualClock(), logger: silentLogger };

// guard: store/once, store/closed
describe('the store in memory', () => {
  stateStoreContract(it, async () => ({
    store: await openStore({ url: 'memory:', schema: 'omni', stateFolder: '/nowhere' }, options),
  }));
});

describe('the store in a file of SQLite', () => {
  stateStoreContract(it, async () => {
    const stateFolder = await mkdtemp(join(tmpdir(), 'omni-store-'));
    folders.push(stateFolder);
    const settings = { url: 'sqlite:', schema: 'omni', stateFolder };
    return { store: await openStore(settings, options), openNext: () => openStore(settings, options) };
  });
});
