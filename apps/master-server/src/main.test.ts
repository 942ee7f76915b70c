import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const DEMO = fileURLToPath(new URL('../../demo-server/src/main.ts', import.meta.url));
const SOURCES = '--conditions=@omni/source';
const VERSION = '2026-07-28';

jest.setTimeout(30_000);

let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-main-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

/** The program as a process of its own, with everything that it said. */
class Program {
  readonly child: ChildProcess;
  readonly exitCode: Promise<number | null>;
  out = '';
  err = '';

  constructor(...args: readonly string[]) {
    const env = { PATH: process.env['PATH'], OMNI_HOME: join(folder, 'state') };
    this.child = spawn(process.execPath, [SOURCES, MAIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env });
    children.push(this.child);
    this.child.stdout?.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    this.exitCode = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** Waits for the first match in the output of either stream. */
  async said(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.out + this.err);
      if (match) return match[0];
      const { stdout, stderr } = this.child;
      if (stdout === null || stderr === null || this.child.exitCode !== null)
        throw new Error(`It ended and said: ${this.out}${this.err}`);
      const over = new AbortController();
      const heard = [stdout, stderr].map((stream) => once(stream, 'data', over));
      await Promise.race([...heard, this.exitCode]);
      // Nobody listens to what nobody waits for.
      over.abort();
    }
  }
}

async function configFile(configuration: unknown): Promise<string> {
  const path = join(folder, 'omni.json');
  await writeFile(path, JSON.stringify(configuration));
  return path;
}

/** One request of the modern era. */
async function post(
  url: string,
  method: string,
  params: { readonly name?: string; readonly arguments?: unknown },
): Promise<Response> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': VERSION,
    'io.modelcontextprotocol/clientCapabilities': {},
    progressToken: 1,
  };
  return await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': VERSION,
      'Mcp-Method': method,
      ...(params.name !== undefined && { 'Mcp-Name': params.name }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
  });
}

/** Calls a tool that counts for minutes, and gives the events of its answer. */
async function startSlowCall(url: string): Promise<{ readonly next: () => Promise<string> }> {
  const response = await post(url, 'tools/call', {
    name: 'demo__slow_count',
    arguments: { steps: 100, delayMs: 1000 },
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  return { next: async () => (await reader?.read())?.value ?? '' };
}

/**
 * The body of the readiness page once it says 200: a server that is up is ready when its lists have been
 * read.
 */
async function readyPage(url: string, token: string): Promise<string> {
  for (let tries = 1; ; tries++) {
    const page = await fetch(new URL('/health/ready', url), {
      headers: { Authorization: `Bearer ${token}` },
    });
    if (page.status === 200 || tries === 200) return `${page.status} ${await page.text()}`;
    await delay(50);
  }
}

describe('main', () => {
  it('runs on embedded defaults: two real servers, URL, token and snippets; ends with 0 after SIGTERM', async () => {
    const program = new Program('start', '--listen', '127.0.0.1:0');
    const url = await program.said(/http:\/\/127\.0\.0\.1:\d+\/mcp/);
    const token = (await program.said(/Token {2}\S+/)).slice('Token  '.length);
    await program.said(/claude mcp add [^]*"mcpServers"[^]*Ctrl-C/);
    await program.said(/"upstream":"everything".*server is up/);
    await program.said(/"upstream":"demo".*server is up/);

    expect(await readyPage(url, token)).toMatch(/^200 .*"everything".*"demo"/);

    program.child.kill('SIGTERM');
    expect(await program.exitCode).toBe(0);
    expect(program.err).toMatch(/omni: stopped\n$/);
  });

  it('lets a running call go on after SIGTERM, and stops at once after one a second later [S000-SHD-01]', async () => {
    const demo = { command: process.execPath, args: [SOURCES, DEMO] };
    const config = await configFile({
      server: { drain: '10m' },
      auth: { mode: 'open' },
      mcpServers: { demo },
    });
    const program = new Program('serve', '--config', config, '--listen', '127.0.0.1:0');
    const url = await program.said(/http:\/\/127\.0\.0\.1:\d+\/mcp/);
    await program.said(/server is up/);
    // The first list waits for a moment only.
    while (!(await (await post(url, 'tools/list', {})).text()).includes('demo__slow_count')) await delay(50);
    const call = await startSlowCall(url);
    expect(await call.next()).toMatch(/"progress":1,/);

    program.child.kill('SIGTERM');
    await program.said(/SIGTERM, stopping/);
    // That of a whole group, which a wrapper forwards once more.
    program.child.kill('SIGTERM');
    expect(await call.next()).toMatch(/"progress":2,/);
    expect(await call.next()).toMatch(/"progress":3,/);
    expect(program.child.exitCode).toBeNull();

    program.child.kill('SIGTERM');
    expect(await program.exitCode).toBe(1);
    expect(await call.next()).toMatch(/"error"/);
  });

  it('ends with 6 when a critical server has to be ready and is not in time [S003-ST-12]', async () => {
    const config = await configFile({
      startup: { timeout: '5s', requireCritical: true },
      mcpServers: { silent: { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] } },
    });
    const program = new Program('serve', '--config', config, '--listen', '127.0.0.1:0');

    expect(await program.exitCode).toBe(6);
    expect(program.err).toMatch(
      /error\[OMNI_START_TIMEOUT\]: Omni did not become ready within 5 s: still not ready: upstream:silent\n/,
    );
  });

  it('starts in named phases, the layers of the configuration first, and tells their order and times [S000-BOOT-01] [S003-ST-01]', async () => {
    await writeFile(join(folder, 'default.yaml'), 'logging: { level: warn }\nserver: { drain: 3s }\n');
    await writeFile(join(folder, 'local.yaml'), 'logging: { level: debug }\n');
    const program = new Program('serve', '--config', folder, '--listen', '127.0.0.1:0');
    const started = await program.said(/\{.*Omni has started.*\}/);
    // A line of the log.
    const { phases } = JSON.parse(started) as { phases: Record<string, number> };
    expect(Object.keys(phases)).toEqual([
      'configuration',
      'log',
      'store',
      'container',
      'memory guard',
      'health monitor',
      'listeners',
      'coordinator',
      'overrides',
      'guards',
      'upstreams',
      'repair scan',
      'catalogue refresher',
      'readiness',
    ]);
    expect(program.err).toMatch(/start: a phase begins.*\n.*start: a phase is over/);
    program.child.kill('SIGTERM');
    expect(await program.exitCode).toBe(0);
    expect(program.err).toMatch(/Omni has stopped/);
  });

  it('writes no secret of its configuration, from the first line of its log on [S003-ST-02]', async () => {
    const CANARY = 'canary-0123456789';
    const gone = {
      command: '/nonexistent/tool',
      args: [`--token=${CANARY}`],
      env: { API_TOKEN: CANARY },
    };
    const config = await configFile({
      logging: { level: 'debug' },
      auth: { token: CANARY },
      mcpServers: { gone, web: { url: `http://127.0.0.1:9/?api_key=${CANARY}` } },
    });
    const program = new Program('serve', '--config', config, '--listen', '127.0.0.1:0');
    await program.said(/"upstream":"gone".*OMNI_UPSTREAM_SPAWN_FAILED/);
    await program.said(/"upstream":"web".*OMNI_UPSTREAM_/);
    const [first = ''] = /^\{.*$/m.exec(program.err) ?? [];
    // The configuration has been read when the log begins.
    expect(JSON.parse(first)).toMatchObject({ level: 'debug', phase: 'configuration' });
    program.child.kill('SIGTERM');
    expect(await program.exitCode).toBe(0);
    expect(program.err + program.out).not.toContain(CANARY);
  });

  it('reads its configuration again at SIGHUP', async () => {
    const config = await configFile({ mcpServers: {} });
    const program = new Program('serve', '--config', config, '--listen', '127.0.0.1:0');
    await program.said(/listening/);

    program.child.kill('SIGHUP');
    await program.said(/SIGHUP, reading the configuration again/);

    program.child.kill('SIGINT');
    expect(await program.exitCode).toBe(0);
  });

  it('outlives the reader of what it says', async () => {
    const config = await configFile({ mcpServers: {} });
    const program = new Program('serve', '--config', config, '--listen', '127.0.0.1:0');
    const url = await program.said(/http:\/\/127\.0\.0\.1:\d+\/mcp/);

    program.child.stderr?.destroy();
    program.child.kill('SIGHUP');
    for (let request = 1; request <= 3; request++)
      expect((await fetch(new URL('/health/live', url))).status).toBe(200);

    program.child.kill('SIGINT');
    expect(await program.exitCode).toBe(0);
  });

  it('prints its help to a reader that does not wait for it', async () => {
    const program = new Program('--help');
    program.child.stdout?.destroy();

    expect(await program.exitCode).toBe(0);
    expect(program.err).toBe('');
  });

  it('ends with 4 before anything is started when the configuration is wrong [S000-CFG-03] [S004-XC-03]', async () => {
    const marker = join(folder, 'started');
    const good = {
      command: process.execPath,
      args: ['-e', `require('fs').writeFileSync(${JSON.stringify(marker)}, '')`],
    };
    const config = await configFile({ mcpServers: { good, bad: { comand: 'x' } } });
    const program = new Program('serve', '--config', config, '--listen', '127.0.0.1:0');

    expect(await program.exitCode).toBe(4);
    expect(program.err).toMatch(
      /error\[OMNI_CONFIG_INVALID\]: [^]*omni\.json:1:\d+ {2}"comand" is not a key/,
    );
    expect(program.out + program.err).not.toContain('listening');
    expect(existsSync(marker)).toBe(false);
  });

  it('ends with 2 and the command to type when the port is taken [S004-XC-01]', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    // A server on an IP address has an address of this form.
    const { port } = taken.address() as AddressInfo;
    const program = new Program('start', '--listen', `127.0.0.1:${port}`);
    const exitCode = await program.exitCode;
    taken.close();

    expect(exitCode).toBe(2);
    expect(program.err).toMatch(
      /error\[OMNI_LISTEN_IN_USE\]: .*\n {2}try {5}npm start -- --listen 127\.0\.0\.1:0\n/,
    );
  });

  it('ends with 5 when others may write to the state folder [S004-XC-04]', async () => {
    await mkdir(join(folder, 'state'));
    await chmod(join(folder, 'state'), 0o777);
    const program = new Program(
      'serve',
      '--config',
      await configFile({ mcpServers: {} }),
      '--listen',
      '127.0.0.1:0',
    );

    expect(await program.exitCode).toBe(5);
    expect(program.err).toContain('error[OMNI_STATE_DENIED]');
  });

  it('ends with 64 when the command line is wrong', async () => {
    const program = new Program('serve');

    expect(await program.exitCode).toBe(64);
    expect(program.err).toMatch(/^error\[OMNI_USAGE\]: --config is missing\n/);
  });

  it('speaks nothing but the protocol on stdout with stdio, and ends with 0 when the client has gone', async () => {
    const demo = { command: process.execPath, args: [SOURCES, DEMO] };
    const config = await configFile({ mcpServers: { demo } });
    const program = new Program('stdio', '--config', config, '--server', 'demo');
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    };
    program.child.stdin?.write(
      `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`,
    );
    await program.said(/"protocolVersion"/);
    program.child.stdin?.write(
      '{"jsonrpc":"2.0","method":"notifications/initialized"}\n{"jsonrpc":"2.0","id":2,"method":"tools/list"}\n',
    );
    await program.said(/"slow_count"/);
    program.child.stdin?.end();

    expect(await program.exitCode).toBe(0);
    const messages = program.out.trimEnd().split('\n');
    expect(messages.map((line) => (JSON.parse(line) as { jsonrpc: string }).jsonrpc)).toEqual(
      messages.map(() => '2.0'),
    );
    expect(program.err).toContain('server is up');
  });
});
