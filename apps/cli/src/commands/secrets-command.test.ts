import { EventEmitter } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodedOutput, hiddenLine } from '../output/terminal.ts';
import { runCommandLine } from './command-line.ts';

let folder: string;
let stateFolder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-secrets-command-'));
  stateFolder = join(folder, 'state');
});
afterEach(() => rm(folder, { recursive: true }));

async function omni(
  argv: readonly string[],
  input = '',
  more: { readonly readHidden?: (question: string) => Promise<string> } = {},
): Promise<{ exitCode: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const terminal = {
    environment: { OMNI_HOME: stateFolder },
    ...encodedOutput({
      stdout: { write: (text) => (said.out += text) },
      stderr: { write: (text) => (said.err += text) },
    }),
    readInput: () => Promise.resolve(input),
    ...more,
  };
  const { signal } = new AbortController();
  const exitCode = await runCommandLine(['secrets', ...argv], { terminal, signal });
  return { exitCode, ...said };
}

describe('omni secrets', () => {
  it('keeps a value that it reads from stdin, lists its name and forgets it', async () => {
    expect(await omni(['ls'])).toEqual({
      exitCode: 0,
      out: 'There are no secrets; omni secrets set NAME keeps one\n',
      err: '',
    });
    const kept = await omni(['set', 'github/token'], 'value-of-token-1\n');
    expect(kept).toEqual({
      exitCode: 0,
      out: '${SECRET:github/token} is kept in file; an Omni that runs has it within a second\n',
      err: '',
    });
    expect((await omni(['ls'])).out).toBe('NAME          PLACE\ngithub/token  file\n');
    expect(JSON.parse((await omni(['ls', '-o', 'json'])).out)).toEqual({
      secrets: [{ name: 'github/token', place: 'file' }],
    });
    const path = join(stateFolder, 'secrets.json');
    expect(await readFile(path, 'utf8')).not.toContain('value-of-token');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await omni(['rm', 'github/token'])).out).toBe('github/token is gone from file\n');
    expect(await omni(['rm', 'github/token'])).toMatchObject({
      exitCode: 15,
      err: expect.stringContaining('OMNI_SECRET_UNKNOWN'),
    });
  });

  it('asks a person, and shows nothing of the value', async () => {
    const asked: string[] = [];
    const readHidden = (question: string): Promise<string> => {
      asked.push(question);
      return Promise.resolve('typed-value-1');
    };
    const { exitCode, out, err } = await omni(['set', 'token'], '', { readHidden });
    expect(exitCode).toBe(0);
    expect(asked).toEqual(['Value of token (it is not shown): ']);
    expect(out + err).not.toContain('typed');
  });

  it.each([
    [['set', 'token', 'a-value']],
    [['set']],
    [['set', 'a b']],
    [['set', '../x']],
    [['set', '/etc/passwd']],
    [['rm', 'a//b']],
    [['migrate']],
    [['lose', 'x']],
  ])('ends with 64 for wrong usage: %j', async (argv) => {
    expect((await omni(argv, 'value')).exitCode).toBe(64);
  });

  it('does not keep nothing', async () => {
    expect((await omni(['set', 'token'], '\n')).exitCode).toBe(64);
  });

  it('seals with another key, and says where things are', async () => {
    await omni(['set', 'token'], 'value-of-token-1');
    const former = await readFile(join(stateFolder, 'secrets.key'), 'utf8');
    expect((await omni(['rotate'])).out).toBe(
      `${join(stateFolder, 'secrets.json')} (key: ${join(stateFolder, 'secrets.key')}): 1 secrets are sealed with a new key\n`,
    );
    expect(await readFile(join(stateFolder, 'secrets.key'), 'utf8')).not.toBe(former);
    const { exitCode, out } = await omni(['backend']);
    expect(exitCode).toBe(0);
    expect(out).toContain(`file   yes    ${join(stateFolder, 'secrets.json')} (key: `);
    expect(out).toContain('in their place where one cannot be asked: environment\n');
  });

  it('says that a place cannot be used, and why', async () => {
    await omni(['set', 'token'], 'value-of-token-1');
    await chmod(join(stateFolder, 'secrets.json'), 0o644);
    expect(await omni(['ls'])).toMatchObject({ exitCode: 5, err: expect.stringContaining('chmod 600') });
    expect(await omni(['backend', '-o', 'json'])).toMatchObject({ exitCode: 1 });
  });

  it('goes by the secrets of a configuration, whatever else it lacks', async () => {
    const config = join(folder, 'omni.yaml');
    await writeFile(
      config,
      'secrets: { chain: [mounted, file], folder: mounts }\nauth: { token: "${SECRET:owner}" }\nmcpServers: {}\n',
    );
    expect((await omni(['set', 'owner', '-c', config], 'token-of-the-owner-1')).out).toContain(
      'kept in file',
    );
  });

  it('moves secrets out of a configuration, and nothing else', async () => {
    const config = join(folder, 'omni.yaml');
    const text = `# mine
mcpServers:
  db: { command: x, env: { DB_PASSWORD: "s3cret-value-1", REGION: eu } } # kept
`;
    await writeFile(config, text, { mode: 0o640 });
    const shown = await omni(['migrate', '-c', config]);
    expect(shown).toMatchObject({ exitCode: 0 });
    expect(shown.out).toBe(
      `${config}:3  mcpServers.db.env.DB_PASSWORD: would be moved to \${SECRET:db/DB_PASSWORD}\nNothing was changed; --write does it\n`,
    );
    expect(await readFile(config, 'utf8')).toBe(text);
    const { out } = await omni(['migrate', '-c', config, '--write']);
    expect(out).toContain('DB_PASSWORD: moved to ${SECRET:db/DB_PASSWORD}');
    expect(await readFile(config, 'utf8')).toBe(
      text.replace('"s3cret-value-1"', '"${SECRET:db/DB_PASSWORD}"'),
    );
    expect((await stat(config)).mode & 0o777).toBe(0o640);
    expect((await omni(['ls'])).out).toContain('db/DB_PASSWORD');
    expect((await omni(['migrate', '-c', config, '--write'])).out).toBe(
      'No secret stands in headers or env of a server\n',
    );
  });
});

describe('omni secrets migrate', () => {
  // guard: secrets/migrate-taken
  it('leaves what is kept under the name already, and says so', async () => {
    const config = join(folder, 'omni.yaml');
    await omni(['set', 'db/DB_PASSWORD'], 'value-in-the-store-1');
    const text = 'mcpServers:\n  db: { command: x, env: { DB_PASSWORD: "s3cret-value-1" } }\n';
    await writeFile(config, text, { mode: 0o600 });
    const { exitCode, out } = await omni(['migrate', '-c', config, '--write']);
    expect(exitCode).toBe(1);
    expect(out).toContain('DB_PASSWORD: another value is kept as "db/DB_PASSWORD"; store this one yourself');
    expect(await readFile(config, 'utf8')).toBe(text);
    // The same one may be kept: an earlier run was cut short.
    await omni(['set', 'db/DB_PASSWORD'], 's3cret-value-1');
    expect(await omni(['migrate', '-c', config, '--write'])).toMatchObject({ exitCode: 0 });
    expect(await readFile(config, 'utf8')).toContain('${SECRET:db/DB_PASSWORD}');
  });

  it('gives no name to two values of one configuration', async () => {
    const configs = join(folder, 'conf');
    await mkdir(configs, { mode: 0o700 });
    const entry = (value: string): string =>
      `mcpServers:\n  db: { command: x, env: { DB_PASSWORD: "${value}" } }\n`;
    await writeFile(join(configs, 'default.yaml'), entry('s3cret-value-1'), { mode: 0o600 });
    await writeFile(join(configs, 'local.yaml'), entry('s3cret-value-2'), { mode: 0o600 });
    const { exitCode, out } = await omni(['migrate', '-c', configs, '--write']);
    expect(exitCode).toBe(1);
    expect(out).toContain('moved to ${SECRET:db/DB_PASSWORD}');
    expect(out).toContain('another value is kept as "db/DB_PASSWORD"');
    const texts = [
      await readFile(join(configs, 'default.yaml'), 'utf8'),
      await readFile(join(configs, 'local.yaml'), 'utf8'),
    ];
    expect(texts.join('')).toContain('s3cret-value-');
  });

  it('names what it cannot move: no secret is passed over in silence', async () => {
    const config = join(folder, 'omni.yaml');
    const basic = `Basic ${Buffer.from('ada:s3cret-value-1').toString('base64')}`;
    await writeFile(
      config,
      `mcpServers:\n  web: { url: "https://up.test/mcp", headers: { Authorization: "${basic}", Cookie: "a=s3cret-value-1; b=s3cret-value-2" } }\n`,
      { mode: 0o600 },
    );
    const { exitCode, out } = await omni(['migrate', '-c', config]);
    expect(exitCode).toBe(1);
    expect(out).toContain('mcpServers.web.headers.Authorization: write "${SECRET:…}" yourself');
    expect(out).toContain('mcpServers.web.headers.Cookie: write "${SECRET:…}" yourself');
  });
});

class Typed extends EventEmitter {
  isRaw = false;
  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw;
  }
  resume(): void {}
  pause(): void {}
}

describe('hiddenLine', () => {
  it('takes a line, with corrections, and shows none of it', async () => {
    const stdin = new Typed();
    let written = '';
    const line = hiddenLine(stdin, (text) => (written += text), 'Value: ');
    expect(stdin.isRaw).toBe(true);
    for (const typed of ['s3x', '\u007f', 'cr', 'et🔑\rmore']) stdin.emit('data', Buffer.from(typed));
    expect(await line).toBe('s3cret🔑');
    expect(written).toBe('Value: \n');
    expect([stdin.isRaw, stdin.listenerCount('data')]).toEqual([false, 0]);
  });

  it('ends with an interruption', async () => {
    const stdin = new Typed();
    const line = hiddenLine(stdin, () => {}, '');
    stdin.emit('data', Buffer.from('abc\u0003'));
    await expect(line).rejects.toMatchObject({ code: 'OMNI_CANCELLED' });
    expect(stdin.isRaw).toBe(false);
  });
});
