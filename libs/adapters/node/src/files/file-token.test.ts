import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { loadOrCreateToken } from './file-token.ts';
import { giveAway } from './someone-else.fixture.ts';

describe('loadOrCreateToken', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'omni-token-'));
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await rm(root, { recursive: true });
  });

  // guard: token/created-mode
  it('creates a token that only its owner can read, and keeps it', async () => {
    const folder = join(root, 'a', 'b');
    const { token, path } = await loadOrCreateToken(folder);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await loadOrCreateToken(folder)).toEqual({ token, path });
    expect(await readdir(folder)).toEqual(['token']);
  });

  it('gives everybody who creates it at once the same token', async () => {
    const folder = join(root, 'race');
    const tokens = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateToken(folder)));
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(1);
    expect(await readdir(folder)).toEqual(['token']);
  });

  // guard: token/file-mode
  it.each([0o644, 0o640, 0o602])('refuses a file of mode %o', async (mode) => {
    const { path } = await loadOrCreateToken(join(root, 'open'));
    await chmod(path, mode);
    await expect(loadOrCreateToken(join(root, 'open'))).rejects.toMatchObject({
      code: 'OMNI_STATE_DENIED',
      hint: expect.stringContaining(path),
    });
  });

  // guard: token/folder-mode
  it('refuses a folder that others can write to', async () => {
    const folder = join(root, 'shared');
    await loadOrCreateToken(folder);
    await chmod(folder, 0o777);
    await expect(loadOrCreateToken(folder)).rejects.toMatchObject({ code: 'OMNI_STATE_DENIED' });
  });

  it('refuses a folder that belongs to another user', async () => {
    const folder = join(root, 'foreign');
    await loadOrCreateToken(folder);
    await giveAway(folder);
    await expect(loadOrCreateToken(folder)).rejects.toMatchObject({
      code: 'OMNI_STATE_DENIED',
      hint: expect.stringContaining('OMNI_HOME'),
    });
  });

  // guard: token/pipe
  it('does not wait for a pipe in the place of the token', async () => {
    const { path } = await loadOrCreateToken(join(root, 'pipe'));
    await rm(path);
    execFileSync('mkfifo', ['-m', '600', path]);
    await expect(loadOrCreateToken(join(root, 'pipe'))).rejects.toMatchObject({
      code: 'OMNI_STATE_DENIED',
      message: `${path} is no file, so it cannot hold the token`,
    });
  });

  // guard: token/content
  it.each(['', 'short', 'two words are not a token', 'x'.repeat(5_000)])(
    'refuses a file that holds no token (%#)',
    async (content) => {
      await writeFile(join(root, 'token'), content, { mode: 0o600 });
      await chmod(root, 0o700);
      await expect(loadOrCreateToken(root)).rejects.toMatchObject({ code: 'OMNI_STATE_DENIED' });
    },
  );

  it('says so when the folder cannot be made, without naming a token', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(loadOrCreateToken(join(root, 'file', 'state'))).rejects.toMatchObject({
      code: 'OMNI_STATE_DENIED',
    });
  });
});
