import { afterAll, describe, expect, it } from '@jest/globals';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdStore } from './held-store.ts';

const folder = await mkdtemp(join(tmpdir(), 'omni-held-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
await chmod(folder, 0o700);

const STORAGE = { url: 'sqlite:', schema: 'omni' };

function scene() {
  const warned: string[] = [];
  return { warned, logger: { warn: (_fields: object, text: string) => void warned.push(text) } };
}

describe('holdStore', () => {
  it('is one Omni at a time; a client that starts one of its own gets one that remembers nothing, and says so', async () => {
    const { warned, logger } = scene();
    const first = await holdStore(STORAGE, { folder, otherwise: 'fail' }, logger);
    expect(first.settings).toEqual({ url: 'sqlite:', schema: 'omni', stateFolder: folder });
    await expect(holdStore(STORAGE, { folder, otherwise: 'fail' }, logger)).rejects.toMatchObject({
      code: 'OMNI_STORE_LOCKED',
    });
    const second = await holdStore(STORAGE, { folder, otherwise: 'forget' }, logger);
    expect(second.settings).toMatchObject({ url: 'memory:' });
    expect(warned).toEqual([expect.stringContaining('nothing is remembered over restarts')]);
    first.release();
    const third = await holdStore(STORAGE, { folder, otherwise: 'fail' }, logger);
    third.release();
  });

  it('takes no database that others may read, and lets the folder go', async () => {
    const { logger } = scene();
    const path = join(folder, 'omni.db');
    await writeFile(path, '', { mode: 0o644 });
    await chmod(path, 0o644);
    await expect(holdStore(STORAGE, { folder, otherwise: 'fail' }, logger)).rejects.toMatchObject({
      code: 'OMNI_STORE_DENIED',
    });
    await rm(path);
    (await holdStore(STORAGE, { folder, otherwise: 'fail' }, logger)).release();
  });

  it('takes nothing for what is not to be remembered', async () => {
    const { logger } = scene();
    expect((await holdStore(STORAGE, undefined, logger)).settings).toBeUndefined();
    const memory = { ...STORAGE, url: 'memory:' };
    const held = await holdStore(memory, { folder: '/proc/nothing', otherwise: 'fail' }, logger);
    expect(held.settings).toMatchObject({ url: 'memory:' });
  });
});
