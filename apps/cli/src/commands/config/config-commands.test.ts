import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { encodedOutput } from '../../output/terminal.ts';
import { runCommandLine } from '../command-line.ts';

jest.setTimeout(60_000);

const DEMO = fileURLToPath(new URL('../../../../demo-server/src/main.ts', import.meta.url));
const CANARY = 'ghp_canary0123456789canary0123456789ca';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-config-command-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Said {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

async function omni(...argv: readonly string[]): Promise<Said> {
  return await omniWith({}, ...argv);
}

async function omniWith(
  environment: Readonly<Record<string, string>>,
  ...argv: readonly string[]
): Promise<Said> {
  const said = { out: '', err: '' };
  const terminal = {
    environment: { OMNI_HOME: join(folder, 'state'), ...environment },
    ...encodedOutput({
      stdout: { write: (text) => (said.out += text) },
      stderr: { write: (text) => (said.err += text) },
    }),
    readInput: () => Promise.resolve(''),
  };
  const { signal } = new AbortController();
  const exitCode = await runCommandLine(['config', ...argv], { terminal, signal });
  return { exitCode, ...said };
}

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

describe('omni config validate', () => {
  it('ends with 0 where a server file alone is wrong, and with 4 where the main file is', async () => {
    await write('conf/default.yaml', 'mcpServers: { a: { command: a } }\n');
    await write('conf/servers/b.yaml', 'comand: b\n');
    const conf = join(folder, 'conf');
    const partly = await omni('validate', '-c', conf);
    expect(partly).toMatchObject({ exitCode: 0, out: `${conf} can be served: 1 server, 1 misconfigured\n` });
    expect(partly.err).toContain('did you mean "command"?');
    expect(await omni('validate', '-c', conf, '--strict')).toMatchObject({ exitCode: 4 });
    await write('conf/local.yaml', 'logging: { level: loud }\n');
    const { exitCode, err } = await omni('validate', '-c', conf);
    expect(exitCode).toBe(4);
    expect(err).toContain('local.yaml:1:19  logging.level must be "debug"');
  });

  it('names the missing variables of a server that others do without [S000-REG-03, S000-REG-04]', async () => {
    const path = await write(
      'omni.yaml',
      'mcpServers: { a: { command: a, requiredEnv: [A_KEY, B_KEY] }, b: { command: b } }\n',
    );
    const { out } = await omniWith({ A_KEY: 'x' }, 'validate', '-c', path, '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      schemaVersion: 1,
      valid: true,
      servers: [
        { name: 'a', enabled: false, disabledReason: 'missing_env:[B_KEY]' },
        { name: 'b', enabled: true },
      ],
    });
  });

  it('reads flags and the environment', async () => {
    const path = await write('omni.yaml', 'mcpServers: { a: { command: a } }\n');
    const flag = await omni('validate', '-c', path, '--set', 'server.drain=soon');
    expect(flag.err).toContain('--set  server.drain must be a whole number and a unit');
    const variable = await omniWith({ OMNI_SERVER__DRAIN: 'soon' }, 'validate', '-c', path);
    expect(variable.err).toContain('OMNI_SERVER__DRAIN  server.drain must be');
    expect(await omni('validate', '-c', path, '--set', 'drain')).toMatchObject({ exitCode: 64 });
  });
});

describe('omni config show', () => {
  it('prints what is set and where, and nothing that may be secret [X004-13]', async () => {
    const path = await write(
      'omni.yaml',
      `auth: { token: ${CANARY} }\nmcpServers: { a: { command: a, env: { K: ${CANARY}, L: "\${SECRET:l}" } } }\n`,
    );
    const environment = { OMNI_SERVER__DRAIN: '5s' };
    const { out } = await omniWith(
      environment,
      'show',
      '-c',
      path,
      '--origin',
      '--set',
      'logging.level=warn',
    );
    expect(out).not.toContain('canary');
    expect(out).toMatch(/^KEY +VALUE +LAYER +PLACE\n/);
    expect(out).toMatch(/mcpServers\.a\.env\.L +\$\{SECRET:l\} +file +\S+:2:\d+\n/);
    expect(out).toMatch(/server\.drain +5s +environment +OMNI_SERVER__DRAIN/);
    expect(out).toMatch(/logging\.level +warn +flag +--set/);
    expect((await omni('show', '-c', path)).out).not.toContain('server.drain');
    expect((await omni('show', '-c', path, '--defaults')).out).toMatch(/server\.drain +10s/);
    const { settings, servers } = JSON.parse((await omni('show', '-c', path, '-o', 'json')).out);
    expect(settings).toContainEqual(
      expect.objectContaining({ key: 'auth.token', value: '***', layer: 'file' }),
    );
    expect(servers).toEqual([
      { name: 'a', calledAs: 'a', owner: 'file', place: expect.stringContaining(':2:') },
    ]);
  });
});

describe('omni config explain', () => {
  it('says what a setting means, what it is, and what lies below', async () => {
    const path = await write('omni.yaml', 'server: { drain: 3s }\nmcpServers: { a: { command: a } }\n');
    const { out, exitCode } = await omni('explain', 'server.drain', '-c', path, '--set', 'server.drain=4s');
    expect(exitCode).toBe(0);
    expect(out).toBe(
      `server.drain
  How long running requests may take when Omni stops.
  4s (flag, --set)
    over 3s (file, ${path}:1:18)
    over 10s (default)
`,
    );
  });

  it('says who set what of a server, and which stages a call passes', async () => {
    const path = await write(
      'omni.yaml',
      'routing: { retry: { attempts: 4 } }\nmcpServers: { "my server!": { command: a, callTimeout: 5s } }\n',
    );
    const { out, exitCode } = await omni('explain', 'server.my server!', '-c', path);
    expect(exitCode).toBe(0);
    expect(out).toContain(`my server!: owned by file, ${path}:2:15`);
    expect(out).toContain(`  callTimeout: 5s (file, ${path}:2:56)`);
    expect(out).toMatch(/A call passes:\n(?: {2}.*\n)* {2}attempts: .*"attempts":4/);
    expect(out).toMatch(/: off, /);
  });

  it('knows settings in lists, and what is wrong with a server', async () => {
    await write('default.yaml', 'mcpServers: { a: { command: a } }\n');
    await write('servers/wrong.yaml', 'comand: a\n');
    const path = folder;
    const name = await omni('explain', 'auth.tokens.0.name', '-c', path);
    expect(name).toMatchObject({ exitCode: 0, out: expect.stringContaining('nobody has set it') });
    const { out, exitCode } = await omni('explain', 'server.wrong', '-c', path);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/It is misconfigured:\n.*did you mean "command"\?/);
    expect(out).not.toContain('A call passes');
  });

  it('suggests', async () => {
    const path = await write('omni.yaml', 'mcpServers: { a: { command: a } }\n');
    const { err, exitCode } = await omni('explain', 'server.darin', '-c', path);
    expect(exitCode).toBe(15);
    expect(err).toContain('Did you mean server.drain?');
  });
});

describe('omni config schema', () => {
  it('prints the JSON Schema [X000-01]', async () => {
    const { out } = await omni('schema');
    expect(JSON.parse(out)).toMatchObject({ title: 'Omni configuration', properties: { mcpServers: {} } });
  });
});

describe('omni config diff', () => {
  it('says what differs, and ends with 1', async () => {
    const one = await write('one.yaml', `auth: { token: ${CANARY} }\nserver: { drain: 5s }\n`);
    const two = await write('two.yaml', 'auth: { token: another-token-of-ana }\nserver: { drain: 6s }\n');
    expect(await omni('diff', one, two)).toEqual({
      exitCode: 1,
      out: '- auth.token: ***\n+ auth.token: ***\n- server.drain: 5s\n+ server.drain: 6s\n',
      err: '',
    });
    expect(await omni('diff', one, one)).toEqual({ exitCode: 0, out: '', err: '' });
    const { out } = await omni('diff', one, two, '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      differences: [{ key: 'auth.token' }, { key: 'server.drain', after: { value: '6s' } }],
    });
  });
});

describe('omni config env-example', () => {
  it('writes the file, and says when it is not up to date [X000-08]', async () => {
    const conf = join(folder, 'conf');
    await write('conf/servers/a.yaml', 'command: a\nrequiredEnv: [A_KEY]\n');
    expect(await omni('env-example', '-c', conf, '--check')).toMatchObject({ exitCode: 1 });
    expect(await omni('env-example', '-c', conf, '--write')).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(conf, '.env.example'), 'utf8')).toContain(
      '# Required: mcpServers.a.requiredEnv\nA_KEY=\n',
    );
    expect(await omni('env-example', '-c', conf, '--check')).toMatchObject({ exitCode: 0 });
    await write('conf/servers/b.yaml', 'command: b\nenv: { B: "${B_KEY:-none}" }\n');
    const { exitCode, out } = await omni('env-example', '-c', conf, '--check');
    expect({ exitCode, out }).toEqual({
      exitCode: 1,
      out: `${join(conf, '.env.example')} is not what the configuration names; --write writes it\n`,
    });
    expect((await omni('env-example', '-c', conf)).out).toContain('# Optional: mcpServers.b.env.B\n');
  });
});

describe('omni config migrate', () => {
  it('renames in place, and keeps the rest', async () => {
    const path = await write('omni.yaml', '# mine\nlimits: { maxHeldBytes: 2097152 } # kept\n');
    const told = await omni('migrate', '-c', path);
    expect(told).toMatchObject({
      exitCode: 0,
      out: '# mine\nlimits: { maxUnfinishedBytes: 2097152 } # kept\n',
    });
    expect(await readFile(path, 'utf8')).toContain('maxHeldBytes');
    expect(await omni('migrate', '-c', path, '--write')).toMatchObject({ exitCode: 0 });
    expect(await readFile(path, 'utf8')).toBe('# mine\nlimits: { maxUnfinishedBytes: 2097152 } # kept\n');
  });

  it("writes omni.yaml beside a client's file, and replaces none", async () => {
    const path = await write('mcp.json', '{"mcpServers":{"a":{"command":"npx"}}}');
    expect(await omni('migrate', '-c', path, '--write')).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(folder, 'omni.yaml'), 'utf8')).toContain(
      'mcpServers:\n  a:\n    command: npx\n',
    );
    expect(await omni('validate', '-c', join(folder, 'omni.yaml'))).toMatchObject({ exitCode: 0 });
    const again = await omni('migrate', '-c', path, '--write');
    expect(again).toMatchObject({ exitCode: 64 });
    expect(again.err).toContain('omni.yaml cannot be made');
  });
});

describe('omni config test', () => {
  const server = JSON.stringify({
    command: process.execPath,
    args: ['--conditions=@omni/source', DEMO],
    protocol: '2026-07-28',
    disabledTools: ['slow_count'],
  });

  it('makes sure of what clients see and where calls go', async () => {
    const path = await write(
      'omni.json',
      `{ "mcpServers": { "demo": ${server} }, "tests": [
        { "name": "all", "sees": ["demo__picture"], "hides": ["demo__slow_count", "picture"], "routes": { "demo__picture": "demo", "picture": "demo" } },
        { "server": "demo", "sees": ["picture"], "routes": { "picture": "demo" } },
        { "name": "wrong", "sees": ["demo__slow_count"], "hides": ["demo__picture"], "routes": { "demo__picture": "other", "none": "demo" } } ] }`,
    );
    const { exitCode, out, err } = await omni('test', '-c', path);
    expect({ exitCode, out, err }).toEqual({
      exitCode: 1,
      out: `ok      all
ok      tests.1
failed  wrong
        demo__slow_count is not shown
        demo__picture is shown
        demo__picture goes to demo, not to other
        none goes nowhere: No tool "none" is offered to you
2 passed, 1 failed
`,
      err: '',
    });
  });

  it('asks for something to test', async () => {
    const path = await write('omni.yaml', 'mcpServers: { a: { command: a } }\n');
    const { exitCode, err } = await omni('test', '-c', path);
    expect(exitCode).toBe(64);
    expect(err).toContain('expects nothing of itself');
  });
});
