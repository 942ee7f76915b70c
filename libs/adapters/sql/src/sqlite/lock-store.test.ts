import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lockStore } from './lock-store.ts';
import { CAN_MOUNT, PROGRAM, runReadOnly } from './read-only.fixture.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'omni-lock-')), 'state');
});
afterEach(async () => {
  await rm(join(folder, '..'), { recursive: true });
});

describe('lockStore', () => {
  // guard: store/locked
  it('gives a folder to one at a time', async () => {
    const release = await lockStore(folder);
    await expect(lockStore(folder)).rejects.toMatchObject({
      code: 'OMNI_STORE_LOCKED',
      message: `Another Omni uses ${folder}`,
    });
    release();
    release();
    (await lockStore(folder))();
  });

  it('makes folder and file for this user alone', async () => {
    (await lockStore(folder))();
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'omni.lock'))).mode & 0o777).toBe(0o600);
  });

  it('does not trust a folder that others can change', async () => {
    (await lockStore(folder))();
    await chmod(folder, 0o770);
    await expect(lockStore(folder)).rejects.toMatchObject({ code: 'OMNI_STORE_DENIED' });
  });

  it('is given up by a process that is killed', async () => {
    const holder = spawn(process.execPath, [...PROGRAM, `${holding()} setInterval(() => {}, 1000);`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(holder, 'exit');
    await once(holder.stdout, 'data');
    await expect(lockStore(folder)).rejects.toMatchObject({ code: 'OMNI_STORE_LOCKED' });
    // Damage says nothing about who holds the lock.
    await writeFile(join(folder, 'omni.lock'), 'garbage');
    await expect(lockStore(folder)).rejects.toMatchObject({ code: 'OMNI_STORE_LOCKED' });
    holder.kill('SIGKILL');
    await ended;
    (await lockStore(folder))();
  });

  it.each([['garbage'], ['SQLite format 3\0 and no more']])(
    'begins anew where its file is %j',
    async (text) => {
      const path = join(folder, 'omni.lock');
      (await lockStore(folder))();
      await writeFile(path, text);
      const release = await lockStore(folder);
      await expect(lockStore(folder)).rejects.toMatchObject({ code: 'OMNI_STORE_LOCKED' });
      release();
      expect(await readFile(path, 'utf8')).toBe('');
    },
  );

  const itReadOnly = CAN_MOUNT ? it : it.skip;
  itReadOnly.each([[''], ['garbage']])(
    'is refused where nothing can be written, for it would lock nothing (%j)',
    async (text) => {
      (await lockStore(folder))();
      await writeFile(join(folder, 'omni.lock'), text);
      expect(runReadOnly(folder, holding())).toBe('OMNI_STORE_DENIED');
    },
  );

  it('gives a database to one state folder at a time', async () => {
    const database = join(folder, '..', 'shared', 'omni.db');
    const other = join(folder, '..', 'other');
    const release = await lockStore(folder, database);
    await expect(lockStore(other, database)).rejects.toMatchObject({
      code: 'OMNI_STORE_LOCKED',
      message: `Another Omni uses ${database}`,
    });
    expect((await stat(`${database}.lock`)).mode & 0o777).toBe(0o600);
    // Nothing of what failed is kept.
    (await lockStore(other))();
    release();
    (await lockStore(other, database))();
  });

  it('gives the database of a state folder to no other', async () => {
    const release = await lockStore(folder, join(folder, 'omni.db'));
    const other = join(folder, '..', 'other');
    await expect(lockStore(other, join(folder, 'omni.db'))).rejects.toMatchObject({
      code: 'OMNI_STORE_LOCKED',
    });
    release();
  });

  it('is no obstacle to itself', async () => {
    (await lockStore(folder, join(folder, 'omni')))();
  });

  it('does not trust a database among what others can change', async () => {
    const shared = join(folder, '..', 'shared');
    await mkdir(shared);
    await chmod(shared, 0o777);
    await expect(lockStore(folder, join(shared, 'omni.db'))).rejects.toMatchObject({
      code: 'OMNI_STORE_DENIED',
    });
    (await lockStore(folder))();
  });
});

/** A program that says that it has the lock, or the code of why not. */
function holding(): string {
  const module = new URL('./lock-store.ts', import.meta.url).href;
  return `const { lockStore } = await import(${JSON.stringify(module)});
    console.log(await lockStore(${JSON.stringify(folder)}).then(() => 'locked', ({ code }) => code));`;
}
