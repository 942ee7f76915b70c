import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { GatewayError } from '@omni/ports';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { environmentName, readConfigSources } from './config-files.ts';

const posixOnly = process.platform === 'win32' ? it.skip : it;
// Root may read everything.
const unprivilegedOnly = process.platform === 'win32' || process.getuid?.() === 0 ? it.skip : it;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-config-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

async function failure(path: string, environment?: string): Promise<string> {
  try {
    await readConfigSources(path, { environment });
  } catch (error) {
    if (error instanceof GatewayError) return `${error.code} ${error.message.replaceAll(folder, '~')}`;
    throw error;
  }
  return 'no failure';
}

describe('readConfigSources', () => {
  it('reads one file as one base source and strips the byte order mark', async () => {
    await write({ 'any.yaml': '\uFEFFserver: {}\n' });
    expect(await readConfigSources(join(folder, 'any.yaml'))).toEqual([
      {
        path: join(folder, 'any.yaml'),
        place: join(folder, 'any.yaml'),
        text: 'server: {}\n',
        role: 'base',
        facts: expect.objectContaining({ uid: expect.any(Number), mode: expect.any(Number) }),
        mark: expect.any(String),
      },
    ]);
  });

  it('reads default, the environment, local and servers in this order', async () => {
    await write({
      'local.yml': 'l',
      'prod.yaml': 'p',
      'dev.yaml': 'd',
      'default.json': 'b',
      'omni.yaml': 'o',
      'servers/b.yaml': '2',
      'servers/a.yml': '1',
      'servers/.c.yaml': 'x',
      'servers/README.md': 'x',
    });
    const sources = await readConfigSources(folder, { environment: 'prod' });
    expect(sources.map(({ path, text, role }) => [basename(path), text, role])).toEqual([
      ['default.json', 'b', 'base'],
      ['prod.yaml', 'p', 'base'],
      ['local.yml', 'l', 'base'],
      ['a.yml', '1', 'server'],
      ['b.yaml', '2', 'server'],
    ]);
  });

  it('does without local.yaml and without the file of the environment', async () => {
    await write({ 'default.yaml': 'b' });
    expect(await readConfigSources(folder, { environment: 'prod' })).toHaveLength(1);
  });

  it('reads omni.yaml when the three are absent', async () => {
    await write({ 'omni.yaml': 'o', 'prod.yaml': 'p' });
    expect((await readConfigSources(folder)).map(({ text }) => text)).toEqual(['o']);
  });

  it('reads a folder that holds servers only', async () => {
    await write({ 'servers/a.yaml': '1' });
    expect((await readConfigSources(folder)).map(({ role }) => role)).toEqual(['server']);
  });

  it('reads no file twice when the environment is called local', async () => {
    await write({ 'default.yaml': 'b', 'local.yaml': 'l' });
    expect(await readConfigSources(folder, { environment: 'local' })).toHaveLength(2);
  });

  // guard: files/size
  it('accepts a file of exactly 1 MiB and refuses one more byte', async () => {
    await write({ 'fits.yaml': '#'.repeat(1_048_576), 'long.yaml': '#'.repeat(1_048_577) });
    expect(await readConfigSources(join(folder, 'fits.yaml'))).toHaveLength(1);
    expect(await failure(join(folder, 'long.yaml'))).toBe(
      'OMNI_CONFIG_UNREADABLE ~/long.yaml is larger than 1 MiB',
    );
  });

  it('says that a path does not exist', async () => {
    expect(await failure(join(folder, 'none.yaml'))).toBe(
      'OMNI_CONFIG_UNREADABLE ~/none.yaml does not exist',
    );
  });

  it('says that a folder holds no configuration', async () => {
    expect(await failure(folder)).toBe(
      'OMNI_CONFIG_UNREADABLE ~ holds no default.yaml, local.yaml, omni.yaml or servers/*.yaml',
    );
  });

  it('refuses two variants of one name', async () => {
    await write({ 'default.yaml': 'a', 'default.json': 'b' });
    expect(await failure(folder)).toBe(
      'OMNI_CONFIG_UNREADABLE ~/default.json stands beside ~/default.yaml; keep one',
    );
  });

  // guard: files/utf8
  it('refuses text that is not UTF-8', async () => {
    await write({ 'latin1.yaml': new Uint8Array([0x61, 0xe9, 0x0a]) });
    expect(await failure(join(folder, 'latin1.yaml'))).toBe(
      'OMNI_CONFIG_UNREADABLE ~/latin1.yaml is not UTF-8 text',
    );
  });

  it.each([
    ['UTF-16 with a mark, little end first', [0xff, 0xfe, 0x7b, 0x00], 'is UTF-16 text', /UTF-8/],
    ['UTF-16 with a mark, big end first', [0xfe, 0xff, 0x00, 0x7b], 'is UTF-16 text', /UTF-8/],
    ['UTF-16 without a mark', [0x7b, 0x00, 0x7d, 0x00], 'is UTF-16 text or no text at all', /UTF-8/],
    [
      'a bundle',
      [0x50, 0x4b, 0x03, 0x04, 0x14],
      'is a ZIP archive, such as a bundle (.mcpb), and no configuration',
      /mcpServers/,
    ],
  ])('says what it is and what to do: %s', async (_what, bytes, words, hint) => {
    await write({ 'mcp.json': new Uint8Array(bytes) });
    const path = join(folder, 'mcp.json');
    await expect(readConfigSources(path)).rejects.toMatchObject({
      code: 'OMNI_CONFIG_UNREADABLE',
      message: `${path} ${words}`,
      hint: expect.stringMatching(hint),
    });
  });

  it.each([
    [{ OMNI_ENV: 'prod', ENV: 'test' }, 'prod'],
    [{ OMNI_ENV: '', ENV: 'test' }, 'test'],
    [{ ENV: 'test' }, 'test'],
    [{ ENV: '/root/.shrc' }, undefined],
    [{ ENV: '../up' }, undefined],
    [{}, undefined],
  ])('takes the environment from OMNI_ENV, else ENV: %j [S000-CFG-05]', (environment, name) => {
    expect(environmentName(environment)).toBe(name);
  });

  // guard: files/environment
  it('refuses an environment that leads out of the folder', async () => {
    await write({ 'default.yaml': 'b' });
    expect(await failure(folder, '../x')).toContain('its value is no file name');
  });

  it('refuses a symbolic link that leads to itself', async () => {
    await symlink('loop.yaml', join(folder, 'loop.yaml'));
    expect(await failure(join(folder, 'loop.yaml'))).toBe(
      'OMNI_CONFIG_UNREADABLE ~/loop.yaml is a symbolic link that leads to itself',
    );
  });

  it('reads the other files of servers/ where one cannot be read [S000-REG-01]', async () => {
    await write({ 'servers/b.yaml': 'command: b', 'servers/c.toml': 'command = "c"' });
    await mkdir(join(folder, 'servers', 'a.yaml'), { recursive: true });
    expect(await readConfigSources(folder)).toMatchObject([
      { role: 'server', text: '', flaw: 'is a folder, not a file' },
      { role: 'server', text: 'command: b' },
      { role: 'server', text: 'command = "c"' },
    ]);
  });

  // guard: files/pipe
  posixOnly('refuses a device and never waits on a named pipe', async () => {
    expect(await failure('/dev/zero')).toBe('OMNI_CONFIG_UNREADABLE /dev/zero is a device, not a file');
    execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
    expect(await failure(join(folder, 'pipe.yaml'))).toBe(
      'OMNI_CONFIG_UNREADABLE ~/pipe.yaml is a named pipe, not a file',
    );
    await mkdir(join(folder, 'servers'));
    execFileSync('mkfifo', [join(folder, 'servers', 'pipe.yaml')]);
    await rm(join(folder, 'pipe.yaml'));
    expect(await readConfigSources(folder)).toMatchObject([{ flaw: 'is a named pipe, not a file' }]);
  });

  unprivilegedOnly('says that a file may not be read', async () => {
    await write({ 'closed.yaml': 'a' });
    await chmod(join(folder, 'closed.yaml'), 0);
    expect(await failure(join(folder, 'closed.yaml'))).toBe(
      'OMNI_CONFIG_UNREADABLE ~/closed.yaml may not be read by this user',
    );
  });
});
