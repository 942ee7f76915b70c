import { afterAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { startRawHttpUpstream } from './harness/raw-http-upstream.ts';
import { errorOf, legacyCall, openRawSession, postModern } from './harness/raw-mcp.ts';
import { connectSdk1 } from './harness/sdk-clients.ts';
import {
  OMNI_ARGUMENTS,
  runOmni,
  startOmni,
  StartedProcess,
  writeConfiguration,
} from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

afterAll(endEverything);

const FREE_PORT = ['--listen', '127.0.0.1:0'];
const LIST = { id: '1', method: 'tools/list' };

/** The status of a GET that names this host; fetch would not send it. */
async function statusFor(url: string, host: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const sent = request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject).end();
  });
}

async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => void server.close());
  // A TCP server that listens has an address with a port.
  return (server.address() as AddressInfo).port;
}

describe('omni serve that cannot start', () => {
  it('exits with 2 when the port is in use, and leaves no child behind [S004-XC-01]', async () => {
    const { configFile, environment, folder } = await writeConfiguration({ mcpServers: {} });
    const pidFile = join(folder, 'pids');
    await writeFile(
      configFile,
      JSON.stringify({ auth: { mode: 'open' }, mcpServers: { one: scriptedEntry(['--pid-file', pidFile]) } }),
    );
    const port = await takenPort();
    const { code, stderr, stdout } = await runOmni(
      ['serve', '--config', configFile, '--listen', `127.0.0.1:${port}`],
      environment,
    );
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(existsSync(pidFile)).toBe(false);
    expect(stderr).toMatch(new RegExp(`^error\\[OMNI_LISTEN_IN_USE\\]: .*127\\.0\\.0\\.1:${port}`, 'm'));
    expect(stderr).toContain('--listen');
  });

  it('exits with 4 when the configuration is invalid, tells file, line and column, and has started nothing [S000-CFG-03, S004-XC-03]', async () => {
    const { folder } = await writeConfiguration('');
    const pidFile = join(folder, 'pids');
    const entry = JSON.stringify(scriptedEntry(['--pid-file', pidFile]));
    const text = `{\n  "mcpServers": {\n    "one": ${entry},\n    "two": { "comand": "node" }\n  }\n}\n`;
    const { configFile, environment } = await writeConfiguration(text);
    const { code, stderr } = await runOmni(['serve', '--config', configFile, ...FREE_PORT], environment);
    expect(code).toBe(4);
    expect(existsSync(pidFile)).toBe(false);
    expect(existsSync(environment['OMNI_HOME'] ?? '')).toBe(false);
    expect(stderr).toContain('error[OMNI_CONFIG_INVALID]');
    expect(stderr).toContain(`${configFile}:4:14`);
    expect(stderr).toContain('"command"');
  });

  it('tells file, line and column of broken JSON and YAML, too', async () => {
    for (const { fileName, text, place } of [
      {
        fileName: 'omni.json',
        text: '{\n  "mcpServers": {\n    "one": { "command": "x" "args": [] }\n  }\n}\n',
        place: ':3:29',
      },
      { fileName: 'omni.yaml', text: 'mcpServers:\n  one:\n    command: [x\n', place: ':4:1' },
    ]) {
      const { configFile, environment } = await writeConfiguration(text, { fileName });
      const { code, stderr } = await runOmni(['serve', '--config', configFile, ...FREE_PORT], environment);
      expect([fileName, code]).toEqual([fileName, 4]);
      expect([fileName, stderr.includes(configFile + place) || stderr]).toEqual([fileName, true]);
    }
  });

  const cases: readonly {
    title: string;
    code: number;
    omni: string;
    args: (file: string) => string[];
    environment?: (folder: string) => Record<string, string>;
  }[] = [
    {
      title: 'no such file',
      code: 4,
      omni: 'OMNI_CONFIG_UNREADABLE',
      args: () => ['serve', '--config', '/no/such/file.json', ...FREE_PORT],
    },
    {
      title: 'an address of another machine',
      code: 5,
      omni: 'OMNI_LISTEN_DENIED',
      args: (file) => ['serve', '--config', file, '--listen', '192.0.2.1:1'],
    },
    {
      title: 'a state folder that cannot be made',
      code: 5,
      omni: 'OMNI_STATE_DENIED',
      args: (file) => ['serve', '--config', file, ...FREE_PORT],
      environment: (folder) => ({ OMNI_HOME: join(folder, 'omni.json', 'state') }),
    },
    {
      title: 'an unknown option',
      code: 64,
      omni: 'OMNI_USAGE',
      args: (file) => ['serve', '--config', file, '--port', '1'],
    },
    { title: 'no configuration', code: 64, omni: 'OMNI_USAGE', args: () => ['serve'] },
    {
      title: 'an address that is none',
      code: 64,
      omni: 'OMNI_USAGE',
      args: (file) => ['serve', '--config', file, '--listen', 'nowhere'],
    },
    {
      title: 'a server of stdio that is not configured',
      code: 15,
      omni: 'OMNI_SERVER_UNKNOWN',
      args: (file) => ['stdio', '--config', file, '--server', 'absent'],
    },
  ];
  for (const { title, code, omni, args, environment } of cases) {
    it(`exits with ${code} for ${title}, with a hint and without a stack`, async () => {
      const prepared = await writeConfiguration({ auth: { mode: 'token' }, mcpServers: {} });
      const run = await runOmni(args(prepared.configFile), {
        ...prepared.environment,
        ...environment?.(prepared.folder),
      });
      expect(run.code).toBe(code);
      expect(run.stdout).toBe('');
      expect(run.stderr).toContain(`error[${omni}]`);
      expect(run.stderr).toMatch(/^ {2}try {5}\S/m);
      expect(run.stderr).not.toMatch(/^\s+at /m);
    });
  }

  it('is not open to other machines: open mode beyond loopback exits with 64 [PROTO-R21]', async () => {
    const { configFile, environment } = await writeConfiguration({ mcpServers: {} });
    const { code, stderr } = await runOmni(
      ['serve', '--config', configFile, '--listen', '0.0.0.0:0'],
      environment,
    );
    expect(code).toBe(64);
    expect(stderr).toContain('OMNI_USAGE');
  });
});

describe('omni start', () => {
  it('serves two demo servers, and prints what to paste', async () => {
    const { environment } = await writeConfiguration({});
    const started = new StartedProcess(
      process.execPath,
      [...OMNI_ARGUMENTS, 'start', '--listen', '127.0.0.1:0'],
      environment,
    );
    atEnd(async () => void (await started.stop()));
    await eventually('what to paste', () => started.stdout.includes('Ctrl-C'), 20_000);
    const url = /URL\s+(\S+)/.exec(started.stdout)?.[1] ?? '';
    const token = /Token\s+(\S+)/.exec(started.stdout)?.[1] ?? '';
    expect(started.stdout).toContain(
      `claude mcp add --transport http omni ${url} --header "Authorization: Bearer ${token}"`,
    );
    const client = await connectSdk1(url, undefined, { Authorization: `Bearer ${token}` });
    // The first list waits for a moment only.
    await eventually('the tools of both', async () => {
      const names = new Set((await client.listTools()).tools.map(({ name }) => name));
      return names.has('demo__slow_count') && names.has('everything__echo');
    });
    expect((await started.stop()).code).toBe(0);
  }, 30_000);
});

describe('omni serve', () => {
  it('prints the port that it was given for 0', async () => {
    const omni = await startOmni({ mcpServers: {} });
    expect(Number(new URL(omni.url).port)).toBeGreaterThan(0);
    expect((await postModern(omni.url, LIST)).status).toBe(200);
  });

  it('asks for a token by default, which is kept in a file for its owner alone and never printed', async () => {
    const omni = await startOmni({ auth: { mode: 'token' }, mcpServers: { one: scriptedEntry() } });
    const path = await eventually(
      'the line with the file',
      () => /token in (\S+)/.exec(omni.process.stderr)?.[1],
    );
    const token = (await readFile(path, 'utf8')).trim();
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600');
    expect(token.length).toBeGreaterThanOrEqual(32);

    const refused = await postModern(omni.url, LIST);
    expect(refused.status).toBe(401);
    expect(errorOf(refused.text)?.omni).toBe('OMNI_AUTH_REQUIRED');
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/);
    const wrong = await postModern(omni.url, LIST, {
      headers: { authorization: `Bearer ${'x'.repeat(token.length)}` },
    });
    expect(wrong.status).toBe(401);
    const right = await postModern(omni.url, LIST, { headers: { authorization: `Bearer ${token}` } });
    expect(right.status).toBe(200);
    const client = await connectSdk1(omni.url, undefined, { Authorization: `Bearer ${token}` });
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);

    // Health is open, its details are not.
    expect(await (await fetch(`${omni.origin}/health/ready`)).json()).not.toHaveProperty('details');
    const trusted = await fetch(`${omni.origin}/health/ready`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await trusted.json()).toHaveProperty('details');
    expect((await omni.process.stop()).code).toBe(0);
    expect(omni.process.stderr + omni.process.stdout).not.toContain(token);
  });

  it('never passes the token on to a server [X003-02]', async () => {
    const token = 'client-token-canary-0123456789abcdef';
    const upstreams = {
      legacy: await startRawHttpUpstream('legacy'),
      modern: await startRawHttpUpstream('modern'),
    };
    const entries = Object.entries(upstreams).map(([name, { url }]) => [
      name,
      { type: 'http', url, headers: { 'X-Own': 'configured' } },
    ]);
    const omni = await startOmni({ auth: { mode: 'token', token }, mcpServers: Object.fromEntries(entries) });
    await omni.ready();
    const headers = { authorization: `Bearer ${token}`, cookie: `session=${token}` };
    for (const [name, upstream] of Object.entries(upstreams)) {
      const tool = `${name}__echo`;
      const request = {
        id: '1',
        method: 'tools/call',
        name: tool,
        params: `"name":"${tool}","arguments":{}`,
      };
      expect((await postModern(omni.url, request, { headers })).status).toBe(200);
      const session = await openRawSession(omni.url, { headers });
      expect((await session.send(legacyCall('1', tool))).status).toBe(200);
      const seen = JSON.stringify([upstream.headers, upstream.bodies]);
      expect(seen).not.toContain(token);
      expect(seen).toContain('configured');
    }
  });

  it('keeps the token over restarts', async () => {
    const configuration = { auth: { mode: 'token' }, mcpServers: {} };
    const prepared = await writeConfiguration(configuration);
    const check = async (): Promise<string> => {
      const omni = await startOmni(configuration, {
        environment: { OMNI_HOME: prepared.environment['OMNI_HOME'] ?? '' },
      });
      const path = await eventually(
        'the line with the file',
        () => /token in (\S+)/.exec(omni.process.stderr)?.[1],
      );
      await omni.process.stop();
      return await readFile(path, 'utf8');
    };
    const first = await check();
    expect(await check()).toBe(first);
  });

  it('refuses foreign hosts and foreign origins, with or without a token', async () => {
    const omni = await startOmni({ mcpServers: {} });
    const origin = await postModern(omni.url, LIST, { headers: { origin: 'https://evil.example' } });
    expect(origin.status).toBe(403);
    expect(errorOf(origin.text)?.omni).toBe('OMNI_ORIGIN_FORBIDDEN');
    expect(await statusFor(omni.url, 'evil.example')).toBe(403);
    expect(await statusFor(omni.url, 'localhost')).not.toBe(403);
  });
});
