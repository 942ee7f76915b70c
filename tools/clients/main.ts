/**
 * `npm run clients`: starts Omni with its demo servers and lets real clients use it: the Inspector's command
 * line, mcporter and Claude Code's `mcp` commands. Prints a line for each try; ends with 1 when one fails.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const OMNI = fileURLToPath(new URL('../../apps/master-server/src/main.ts', import.meta.url));
const TRY_MS = 60_000;
const INSTALL_MS = 300_000;

interface Finished {
  readonly code: number | null;
  readonly output: string;
}

function run(
  command: string,
  args: readonly string[],
  options: { readonly home: string; readonly cwd: string; readonly timeoutMs: number },
): Promise<Finished> {
  const { home, cwd, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    // Clients keep their settings in the home folder: they get one of their own.
    const child = spawn(command, args, {
      cwd,
      timeout: timeoutMs,
      env: { ...process.env, HOME: home, NO_COLOR: '1', CI: 'true' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

async function startOmni(
  home: string,
): Promise<{ readonly url: string; readonly token: string; stop(): Promise<void> }> {
  const child = spawn(
    process.execPath,
    ['--conditions=@omni/source', OMNI, 'start', '--listen', '127.0.0.1:0'],
    {
      env: { ...process.env, OMNI_HOME: join(home, 'omni') },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const said = await new Promise<string>((resolve, reject) => {
    let text = '';
    let isUp = 0;
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      isUp += part.split('"server is up"').length - 1;
      if (isUp === 2) resolve(text);
    });
    child.on('close', () => reject(new RangeError(`Omni ended: ${text}`)));
  });
  const url = /http:\/\/127\.0\.0\.1:\d+\/mcp/.exec(said)?.[0] ?? '';
  const token = /Token\s+(\S+)/.exec(said)?.[1] ?? '';
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  return { url, token, stop };
}

const home = await mkdtemp(join(tmpdir(), 'omni-clients-'));
let failed = 0;
try {
  if (!existsSync(join(HERE, 'node_modules'))) {
    console.log('installing the clients, which takes a minute');
    const installed = await run('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund'], {
      home: process.env['HOME'] ?? home,
      cwd: HERE,
      timeoutMs: INSTALL_MS,
    });
    if (installed.code !== 0) throw new RangeError(`npm install failed: ${installed.output}`);
  }
  const omni = await startOmni(home);
  const auth = `Authorization: Bearer ${omni.token}`;
  const bin = (name: string): string => join(HERE, 'node_modules', '.bin', name);
  const config = join(home, 'mcporter.json');
  await writeFile(
    config,
    JSON.stringify({
      mcpServers: { omni: { baseUrl: omni.url, headers: { Authorization: `Bearer ${omni.token}` } } },
    }),
  );
  const inspect = (era: string, ...rest: string[]): readonly string[] => [
    '--cli',
    omni.url,
    '--transport',
    'http',
    '--header',
    auth,
    '--protocol-era',
    era,
    ...rest,
  ];
  const call = ['--method', 'tools/call', '--tool-name', 'demo__weather_report', '--tool-arg', 'city=Rome'];
  const tries: readonly (readonly [string, string, readonly string[], RegExp])[] = [
    [
      'Inspector, legacy: list',
      'mcp-inspector',
      inspect('legacy', '--method', 'tools/list'),
      /everything__echo[\s\S]*demo__picture/,
    ],
    ['Inspector, legacy: call', 'mcp-inspector', inspect('legacy', ...call), /"structuredContent"/],
    ['Inspector, modern: call', 'mcp-inspector', inspect('modern', ...call), /"structuredContent"/],
    ['Inspector, auto: call', 'mcp-inspector', inspect('auto', ...call), /"structuredContent"/],
    ['mcporter: list', 'mcporter', ['--config', config, 'list'], /1 healthy/],
    [
      'mcporter: call with progress',
      'mcporter',
      ['--config', config, 'call', 'omni.demo__slow_count', 'steps=2', 'delayMs=20'],
      /Counted to 2/,
    ],
    [
      'Claude Code: mcp add',
      'claude',
      ['mcp', 'add', '--transport', 'http', 'omni', omni.url, '--header', auth],
      /Added HTTP MCP server omni/,
    ],
    ['Claude Code: mcp list', 'claude', ['mcp', 'list'], /omni: .*Connected/],
    ['Claude Code: mcp get', 'claude', ['mcp', 'get', 'omni'], /Connected/],
  ];
  for (const [title, client, args, expected] of tries) {
    const { code, output } = await run(bin(client), args, { home, cwd: home, timeoutMs: TRY_MS });
    const isGood = code === 0 && expected.test(output);
    if (!isGood) failed++;
    console.log(`${isGood ? 'ok    ' : 'FAILED'} ${title}`);
    if (!isGood) console.log(output.replaceAll(omni.token, '***').slice(0, 2_000));
  }
  await omni.stop();
} finally {
  await rm(home, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
