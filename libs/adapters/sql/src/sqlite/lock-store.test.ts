import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lockStore } from './lock-store.ts';

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
    const module = new URL('./lock-store.ts', import.meta.url).href;
    const holder = spawn(
      process.execPath,
      [
        '--conditions=@omni/source',
        '--disable-warning=ExperimentalWarning',
        '--input-type=module',
        '-e',
        `const { lockStore } = await import(${JSON.stringify(module)});
         await lockStore(${JSON.stringify(folder)});
         console.log('locked');
         setInterval(() => {}, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ended = once(holder, 'exit');
    await once(holder.stdout, 'data');
    await expect(lockStore(folder)).rejects.toMatchObject({ code: 'OMNI_STORE_LOCKED' });
    holder.kill('SIGKILL');
    await ended;
    (await lockStore(folder))();
  });
});
