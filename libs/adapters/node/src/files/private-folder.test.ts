import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makePrivateFolder } from './private-folder.ts';

const onLinux = process.platform === 'linux' ? it : it.skip;

describe('makePrivateFolder', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'omni-folder-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  // guard: files/private-folder
  it('makes every folder that is missing, and lets nobody else look into them', async () => {
    const path = join(root, 'a', 'b', 'c');
    await makePrivateFolder(path);
    await makePrivateFolder(path);
    if (process.platform === 'win32') return;
    for (const folder of ['a', 'a/b', 'a/b/c'])
      expect((await stat(join(root, folder))).mode & 0o777).toBe(0o700);
  });

  it('says so when a file is in the way', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(makePrivateFolder(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makePrivateFolder(join(root, 'file', 'a', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  onLinux('comes back where no folder can be made, though the one above it is there', async () => {
    await expect(makePrivateFolder('/proc/omni/state')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
