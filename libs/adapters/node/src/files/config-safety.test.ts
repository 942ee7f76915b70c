import { chmod, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { checkConfigSafety, type ConfigSafety } from './config-safety.ts';
import { giveAway } from './someone-else.fixture.ts';

const withModes = process.platform === 'win32' ? describe.skip : describe;

withModes('checkConfigSafety', () => {
  let root: string;
  let file: string;

  /** Right after the file was read. */
  const checkPath = async (path: string): Promise<ConfigSafety> =>
    checkConfigSafety([{ path, facts: await stat(path) }]);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'omni-safety-'));
    file = join(root, 'conf', 'omni.yaml');
    await mkdir(join(root, 'conf'));
    await chmod(join(root, 'conf'), 0o755);
    await writeFile(file, 'mcpServers: {}');
    await chmod(file, 0o600);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await rm(root, { recursive: true });
  });

  it('has nothing to say about a file that only its owner can change', async () => {
    expect(await checkPath(file)).toEqual({ warnings: [], readableByAll: [] });
  });

  // guard: files/readable
  it('tells which files every user may read', async () => {
    await chmod(file, 0o644);
    expect(await checkPath(file)).toEqual({ warnings: [], readableByAll: [file] });
  });

  // guard: files/changeable
  it.each([
    ['the file', 'omni.yaml'],
    ['its folder', '.'],
  ])('refuses it when everybody can change %s', async (_what, name) => {
    await chmod(join(root, 'conf', name), 0o777);
    await expect(checkPath(file)).rejects.toMatchObject({
      code: 'OMNI_CONFIG_UNSAFE',
      message: `${join(root, 'conf', name)} can be changed by everybody`,
      hint: expect.stringContaining('chmod go-w'),
    });
  });

  it.each([
    ['the file', 'omni.yaml'],
    ['its folder', '.'],
  ])('refuses it when %s belongs to another user', async (_what, name) => {
    await giveAway(join(root, 'conf', name));
    await expect(checkPath(file)).rejects.toMatchObject({
      code: 'OMNI_CONFIG_UNSAFE',
      message: expect.stringContaining('another user'),
      hint: expect.stringContaining('chown'),
    });
  });

  it('refuses a file that everybody could change, though another one stands in its place by now', async () => {
    const theirs = join(root, 'conf', 'theirs.yaml');
    await writeFile(theirs, 'mcpServers: {}');
    await chmod(theirs, 0o666);
    const facts = await stat(theirs);
    await rename(file, theirs);
    await expect(checkConfigSafety([{ path: theirs, facts }])).rejects.toMatchObject({
      code: 'OMNI_CONFIG_UNSAFE',
    });
  });

  it('looks at the folder that a link leads to as well', async () => {
    await mkdir(join(root, 'mine'));
    await symlink(file, join(root, 'mine', 'omni.yaml'));
    await chmod(join(root, 'conf'), 0o777);
    await expect(checkPath(join(root, 'mine', 'omni.yaml'))).rejects.toMatchObject({
      code: 'OMNI_CONFIG_UNSAFE',
    });
  });

  it('warns of a file, and of a folder, that a group can change', async () => {
    await chmod(file, 0o660);
    await chmod(join(root, 'conf'), 0o775);
    expect((await checkPath(file)).warnings).toEqual([
      `${file} names commands that Omni runs, and its group can change it; chmod g-w it`,
      `${join(root, 'conf')} names commands that Omni runs, and its group can change it; chmod g-w it`,
    ]);
  });

  it('accepts a folder like /tmp, where nobody can touch the files of others', async () => {
    await chmod(join(root, 'conf'), 0o1777);
    expect((await checkPath(file)).warnings).toEqual([]);
  });
});
