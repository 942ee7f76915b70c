import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { loadConfiguration, startHttpGateway, type HttpGateway } from '@omni/container/node';
import { GatewayError } from '@omni/ports';
import { runCommandLine } from './command-line.ts';
import { encodedOutput, type Terminal } from '../output/terminal.ts';

jest.setTimeout(30_000);

const DEMO = fileURLToPath(new URL('../../../demo-server/src/main.ts', import.meta.url));

let folder: string;
let config: string;
let environment: Readonly<Record<string, string>>;
let gateway: HttpGateway;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-cli-'));
  environment = { OMNI_HOME: join(folder, 'state') };
  config = join(folder, 'omni.json');
  const mcpServers = {
    // Said, since a machine with other work may load it for longer than Omni waits to find out.
    demo: { command: process.execPath, args: ['--conditions=@omni/source', DEMO], protocol: '2026-07-28' },
    gone: { command: join(folder, 'not-there') },
    off: { command: 'never-started', disabled: true },
  };
  await writeFile(config, JSON.stringify({ mcpServers }));
  const configuration = await loadConfiguration(config, environment);
  gateway = await startHttpGateway({ configuration, environment, listen: '127.0.0.1:0', logLevel: 'silent' });
  await gateway.server.whenSettled();
});
afterAll(async () => {
  await gateway.stop({ deadlineMs: 0 });
  await rm(folder, { recursive: true });
});

interface Run {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

interface Host {
  readonly signal?: AbortSignal;
  readonly input?: string;
  readonly isInteractive?: boolean;
}

async function omni(
  argv: readonly string[],
  { signal, input = '', isInteractive = false }: Host = {},
): Promise<Run> {
  const said = { out: '', err: '' };
  const terminal: Terminal = {
    environment,
    ...encodedOutput({
      stdout: { isTTY: isInteractive, write: (text) => (said.out += text) },
      stderr: { isTTY: isInteractive, write: (text) => (said.err += text) },
    }),
    readInput: () => Promise.resolve(input),
  };
  const exitCode = await runCommandLine(argv, { terminal, signal: signal ?? new AbortController().signal });
  return { exitCode, ...said };
}

/** The same command once against a running gateway, once with one of its own. */
const TARGETS = [
  ['a running gateway', () => ['--url', gateway.url]],
  ['a gateway of its own', () => ['--config', config]],
] as const;

describe.each(TARGETS)('omni call with %s', (_name, target) => {
  it('prints what the tool says', async () => {
    expect(await omni(['call', 'demo/slow_count', 'steps=2', 'delayMs=1', ...target()])).toEqual({
      exitCode: 0,
      out: 'Counted to 2.\n',
      err: '',
    });
  });

  it('shows progress on stderr when asked', async () => {
    const { out, err } = await omni([
      'call',
      'demo/slow_count',
      'steps=2',
      'delayMs=1',
      '--progress',
      ...target(),
    ]);

    expect(out).toBe('Counted to 2.\n');
    expect(err).toBe('progress 1/2 1 of 2\nprogress 2/2 2 of 2\n');
  });

  it('prints the result as JSON', async () => {
    const { out } = await omni([
      'call',
      'demo.weather_report',
      '--args',
      '{"city":"Oslo"}',
      '-o',
      'json',
      ...target(),
    ]);

    expect(JSON.parse(out)).toMatchObject({ structuredContent: { city: 'Oslo' } });
  });

  it('stops waiting after --timeout and ends with 14', async () => {
    const { exitCode, err } = await omni([
      'call',
      'demo/slow_count',
      'steps=100',
      'delayMs=5000',
      '--timeout',
      '400ms',
      ...target(),
    ]);

    expect(exitCode).toBe(14);
    expect(err).toBe(
      'error[OMNI_UPSTREAM_TIMEOUT]: No answer within 0.4 s\n  try     Raise --timeout if it is slow by nature.\n',
    );
  });

  it('ends with 10 when the tool asks for something', async () => {
    const { exitCode, err } = await omni(['call', 'demo/ask_name', ...target()]);

    expect(exitCode).toBe(10);
    expect(err).toMatch(/^error\[OMNI_INPUT_REQUIRED\]: /);
  });

  it('ends with 11 when the server is not up', async () => {
    const { exitCode, err } = await omni(['call', 'gone/x', ...target()]);

    expect(exitCode).toBe(11);
    expect(err).toMatch(/^error\[OMNI_UPSTREAM_SPAWN_FAILED\]: The server "gone" is misconfigured: /);
  });

  it('ends with 15 and a suggestion when there is no such tool or server', async () => {
    const tool = await omni(['call', 'demo/slow_cuont', ...target()]);
    const server = await omni(['call', 'dmeo/slow_count', ...target()]);

    expect(tool.exitCode).toBe(15);
    expect(server.exitCode).toBe(15);
    expect(tool.err).toContain('Did you mean demo/slow_count?');
    expect(server.err).toContain('Did you mean demo/slow_count?');
  });

  it('ends with 16 and the usage when the arguments do not fit', async () => {
    const { exitCode, err } = await omni(['call', 'demo/slow_count', 'steps=many', ...target()]);

    expect(exitCode).toBe(16);
    expect(err).toContain(
      '  "steps" must be an integer\n  try     omni call demo/slow_count [steps=<integer>] [delayMs=<integer>]\n',
    );
  });

  it('ends when it is interrupted', async () => {
    const signal = AbortSignal.abort(new GatewayError('OMNI_CANCELLED', 'Interrupted'));

    expect((await omni(['call', 'demo/slow_count', ...target()], { signal })).err).toMatch(
      /^error\[OMNI_CANCELLED\]/,
    );
  });
});

describe('omni call', () => {
  it('takes arguments from stdin and from a file', async () => {
    const file = join(folder, 'args.json');
    await writeFile(file, '{"steps":1,"delayMs":1}');
    const target = ['--url', gateway.url];

    expect(
      (
        await omni(['call', 'demo/slow_count', '--args', '-', ...target], {
          input: '{"steps":3,"delayMs":1}',
        })
      ).out,
    ).toBe('Counted to 3.\n');
    expect((await omni(['call', 'demo/slow_count', '--args', `@${file}`, ...target])).out).toBe(
      'Counted to 1.\n',
    );
    expect((await omni(['call', 'demo/slow_count', '--args', '@missing', ...target])).exitCode).toBe(64);
  });

  it('stands a line for an image, and saves it where it is told to', async () => {
    const media = join(folder, 'media');
    const shown = await omni(['call', 'demo/picture', 'size=16', '--url', gateway.url]);
    const saved = await omni([
      'call',
      'demo/picture',
      'size=16',
      '--url',
      gateway.url,
      '--save-media',
      media,
    ]);

    expect(shown.out).toMatch(/^\[image\/png \d+ B\]\n$/);
    expect(saved.out).toBe(`${join(media, 'demo_picture-1.png')}\n`);
    expect((await readFile(join(media, 'demo_picture-1.png'))).subarray(1, 4).toString()).toBe('PNG');
  });

  it('ends with 10 when the tool reports a failure', async () => {
    const { exitCode, out, err } = await omni(['call', 'demo/weather_report', 'city=', '--url', gateway.url]);

    expect(exitCode).toBe(10);
    expect(out).not.toBe('');
    expect(err).toMatch(/^error\[OMNI_TOOL_FAILED\]: demo\/weather_report reported a failure\n/);
  });

  it('ends with 12 when the token is wrong', async () => {
    const { exitCode, err } = await omni([
      'call',
      'demo/picture',
      '--url',
      gateway.url,
      '--token',
      'wrong-token',
    ]);

    expect(exitCode).toBe(12);
    expect(err).toContain('does not know the token');
  });

  it('does not run and ask at the same time', async () => {
    expect((await omni(['call', 'demo/picture', '--url', gateway.url, '--config', config])).exitCode).toBe(
      64,
    );
  });
});

describe('omni ls', () => {
  it('lists the servers of a running gateway', async () => {
    const { exitCode, out } = await omni(['ls', '--url', gateway.url]);

    expect(exitCode).toBe(0);
    expect(out).toMatch(
      /^NAME +STATE +ERA.*\ndemo +ready +modern +4 +1 +1 +- +-\ngone +misconfigured .*not-there.*\n2 servers: 1 ready, 1 misconfigured\n(?:\ngone is misconfigured:\n.*not-there.*\n)?$/,
    );
  });

  it('lists the servers of a configuration, those that are switched off included', async () => {
    const { out } = await omni(['ls', '-c', config, '-o', 'json']);

    expect(JSON.parse(out)).toMatchObject([
      { name: 'demo', state: 'ready', era: 'modern', tools: 4, lastError: null },
      { name: 'gone', state: 'misconfigured', lastError: { code: 'OMNI_UPSTREAM_SPAWN_FAILED' } },
      { name: 'off', state: 'disabled' },
    ]);
  });

  it('ends with 11 and what to do when no gateway runs', async () => {
    const { exitCode, err } = await omni(['ls', '--url', 'http://127.0.0.1:1']);

    expect(exitCode).toBe(11);
    expect(err).toMatch(
      /^error\[OMNI_GATEWAY_UNREACHABLE\]: No Omni answers at http:\/\/127\.0\.0\.1:1.*\n {2}try {5}Start one with omni serve/,
    );
  });

  it('tells failures as one line of JSON to those who asked for JSON', async () => {
    for (const output of [['-o', 'json'], ['--output=json'], ['-ojson']]) {
      const { err } = await omni(['ls', '--url', 'http://127.0.0.1:1', ...output]);

      expect(JSON.parse(err)).toEqual({
        error: {
          code: 'OMNI_GATEWAY_UNREACHABLE',
          message: expect.any(String),
          hint: expect.any(String),
          exitCode: 11,
        },
      });
    }
  });

  it('ends with 4 when the configuration is wrong', async () => {
    expect((await omni(['ls', '-c', join(folder, 'missing.json')])).exitCode).toBe(4);
  });
});

describe('omni', () => {
  it('prints help on stdout, without arguments too', async () => {
    const help = await omni(['help']);

    expect(help).toMatchObject({ exitCode: 0, err: '' });
    expect(help.out).toMatch(
      /Usage: omni [^]*serve [^]*stdio [^]*ls [^]*call [^]*store [^]*secrets [^]*version [^]*schema[^]*completion /,
    );
    expect(await omni([])).toEqual(help);
    expect((await omni(['call', '--help'])).exitCode).toBe(0);
  });

  it('prints its version', async () => {
    const { out } = await omni(['--version']);

    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await omni(['version'])).out).toBe(`omni ${out.trim()} (Node ${process.versions.node})\n`);
    expect(JSON.parse((await omni(['version', '--json'])).out)).toEqual({
      omni: out.trim(),
      node: process.versions.node,
    });
  });

  it('completes every command that it has', async () => {
    expect(JSON.parse((await omni(['schema'])).out)).toMatchObject({ title: 'Omni configuration' });
    expect((await omni(['completion', 'bash'])).out).toContain(
      'words="serve stdio ls call store secrets config version schema completion help"',
    );
  });

  it.each([
    ['an unknown command', ['lss'], 'Did you mean ls?'],
    ['help on an unknown command', ['help', 'lss'], 'omni help prints'],
    ['options without a command', ['--debug'], 'omni help prints'],
    ['an unknown option', ['ls', '--bogus'], 'omni ls --help'],
    ['an option that stands too early', ['--output', 'table', 'ls'], 'omni ls --help'],
    ['a missing option', ['serve'], 'omni serve --help'],
    ['a value that is not offered', ['ls', '-o', 'xml'], 'omni ls --help'],
    ['a wrong duration', ['ls', '--timeout', '3'], '500ms'],
    ['a missing tool', ['call'], 'omni call --help'],
    ['an argument that is none', ['call', 'a/b', 'word'], 'key=value|city=Oslo'],
  ])('ends with 64 and a hint for %s', async (_what, argv, hint) => {
    const { exitCode, out, err } = await omni(argv);

    expect(exitCode).toBe(64);
    expect(out).toBe('');
    expect(err).toMatch(
      new RegExp(`^error\\[OMNI_USAGE\\]: .*\n  try     .*(${hint.replaceAll('?', '\\?')})`),
    );
  });

  it('shows stacks with --debug only', async () => {
    expect((await omni(['ls', '-c', join(folder, 'missing.json')])).err).not.toMatch(/^\s+at /m);
    expect((await omni(['--debug', 'ls', '-c', join(folder, 'missing.json')])).err).toMatch(/^\s+at /m);
  });
});
