import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { secretProviderContract } from '@omni/testing/contracts';
import { FileSecrets } from './file-secrets.ts';

const folders: string[] = [];
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'omni-secrets-'));
  folders.push(folder);
  return folder;
}
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function text(secrets: FileSecrets, name: string): Promise<string | undefined> {
  return (await secrets.resolve(name))?.text();
}

describe('FileSecrets of a folder [X002-03]', () => {
  secretProviderContract(it, async () => {
    const folder = await newFolder();
    return {
      provider: new FileSecrets({ folder }),
      names: ['db/password', 'github-token'],
      put: async (name, value) => {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), `${value}\n`);
      },
      isWritable: false,
      isListed: true,
      fail: () => rm(folder, { recursive: true }),
    };
  });
});

describe('FileSecrets of paths [X002-03]', () => {
  secretProviderContract(it, async () => {
    const folder = await newFolder();
    return {
      provider: new FileSecrets(),
      names: [join(folder, 'a'), join(folder, 'b')],
      put: (path, value) => writeFile(path, value),
      isWritable: false,
      isListed: false,
    };
  });
});

describe('FileSecrets', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await newFolder();
  });

  it('takes one line end away, and nothing else', async () => {
    const secrets = new FileSecrets({ folder });
    for (const [written, read] of [
      ['a\n', 'a'],
      ['a\r\n', 'a'],
      ['a\n\n', 'a\n'],
      ['a\r', 'a\r'],
    ] as const) {
      await writeFile(join(folder, 'token'), written);
      expect(await text(secrets, 'token')).toBe(read);
    }
  });

  // guard: secrets/empty-file
  it('takes an empty file for one that is being written, and not for a value', async () => {
    const secrets = new FileSecrets({ folder });
    for (const written of ['', '\n']) {
      await writeFile(join(folder, 'token'), written);
      await expect(secrets.resolve('token')).rejects.toMatchObject({ code: 'OMNI_SECRET_CORRUPT' });
    }
  });

  // guard: secrets/outside-folder
  it.each(['../outside', 'a/../../outside', '/etc/hostname', '..data/token', '.hidden', 'a//b', 'a\\..\\b'])(
    'does not leave the folder for %s',
    async (name) => {
      await writeFile(join(folder, '.hidden'), 'value');
      await writeFile(join(dirname(folder), 'outside'), 'value');
      expect(await text(new FileSecrets({ folder }), name)).toBeUndefined();
      await rm(join(dirname(folder), 'outside'));
    },
  );

  // guard: secrets/file-kind
  it('does not wait for a pipe, nor read a folder', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await mkdir(join(folder, 'folder'));
    const secrets = new FileSecrets({ folder });
    await expect(secrets.resolve('pipe')).rejects.toMatchObject({ code: 'OMNI_SECRET_DENIED' });
    await expect(secrets.resolve('folder')).rejects.toMatchObject({ code: 'OMNI_SECRET_DENIED' });
  });

  // guard: secrets/file-owner
  it('does not believe a file that everybody can change', async () => {
    await writeFile(join(folder, 'token'), 'value');
    await chmod(join(folder, 'token'), 0o666);
    await expect(new FileSecrets({ folder }).resolve('token')).rejects.toMatchObject({
      code: 'OMNI_SECRET_DENIED',
      message: expect.stringContaining('can be changed by everybody'),
    });
  });

  it('tells when a volume of Kubernetes is swapped, within a second', async () => {
    const write = async (version: string, value: string): Promise<void> => {
      await mkdir(join(folder, version));
      await writeFile(join(folder, version, 'token'), value);
      await symlink(version, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    await write('..2026_1', 'first');
    await symlink(join('..data', 'token'), join(folder, 'token'));
    const secrets = new FileSecrets({ folder });
    const told = new Promise<void>((resolve) => void secrets.subscribe(resolve));
    expect(await text(secrets, 'token')).toBe('first');
    expect(await secrets.list()).toEqual(['token']);
    const swappedMs = performance.now();
    await write('..2026_2', 'second');
    await told;
    expect(performance.now() - swappedMs).toBeLessThan(1_000);
    expect(await text(secrets, 'token')).toBe('second');
  });

  it('tells of changes in a folder that took the place of another one', async () => {
    const inner = join(folder, 'inner');
    const replace = async (value: string): Promise<void> => {
      await mkdir(join(folder, 'next'));
      await writeFile(join(folder, 'next', 'token'), value);
      await rename(inner, join(folder, 'former')).catch(() => {});
      await rename(join(folder, 'next'), inner);
      await rm(join(folder, 'former'), { recursive: true, force: true });
    };
    await replace('first');
    const secrets = new FileSecrets();
    let value: string | undefined;
    // As whoever uses them does.
    secrets.subscribe(() => void text(secrets, join(inner, 'token')).then((read) => (value = read)));
    value = await text(secrets, join(inner, 'token'));
    for (const next of ['second', 'third']) {
      await replace(next);
      const startedMs = performance.now();
      while (value !== next && performance.now() - startedMs < 2_000)
        await new Promise((resolve) => setTimeout(resolve, 10));
      expect(value).toBe(next);
    }
    await writeFile(join(inner, 'token'), 'fourth');
    const startedMs = performance.now();
    while (value !== 'fourth' && performance.now() - startedMs < 2_000)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(value).toBe('fourth');
  });

  it('watches nothing when nobody listens any more', async () => {
    await writeFile(join(folder, 'token'), 'first');
    const secrets = new FileSecrets({ folder });
    let count = 0;
    const end = secrets.subscribe(() => count++);
    await text(secrets, 'token');
    end();
    await writeFile(join(folder, 'token'), 'second');
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(count).toBe(0);
  });
});
