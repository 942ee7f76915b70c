import { EventEmitter } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CrashPolicy } from './crash-guard.ts';
import type { ProgramHost } from './program-host.ts';
import { runServe } from './serve.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-serve-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function configFile(configuration: unknown): Promise<string> {
  const path = join(folder, 'omni.json');
  await writeFile(path, JSON.stringify(configuration), { mode: 0o600 });
  return path;
}

/** A process that sends itself SIGTERM as soon as something was said that matches. */
class RecordingHost implements ProgramHost {
  readonly environment = { OMNI_HOME: join(folder, 'state') };
  readonly folder = folder;
  readonly pid = 1;
  readonly parent = 0;
  readonly crashes: CrashPolicy = { onRejection: 'crash', stop: undefined };
  readonly exitCodes: number[] = [];
  readonly signals = new EventEmitter();
  readonly input = new PassThrough();
  readonly output = new PassThrough();
  out = '';
  err = '';
  readonly #stopAt: RegExp;

  constructor(stopAt: RegExp) {
    this.#stopAt = stopAt;
  }

  exit(code: number): void {
    this.exitCodes.push(code);
  }

  kill(): void {
    throw new Error('nothing is stuck');
  }

  writeOut(text: string): void {
    this.out += text;
    this.#stopWhen(text);
  }

  writeErr(text: string): void {
    this.err += text;
    this.#stopWhen(text);
  }

  #stopWhen(text: string): void {
    if (this.#stopAt.test(text)) this.signals.emit('SIGTERM', 'SIGTERM');
  }
}

const QUIET = { logLevel: 'error', check: false, json: false } as const;

describe('runServe', () => {
  it('tells the port that was picked and the file of the token, and ends with 0 after SIGTERM', async () => {
    const config = await configFile({ mcpServers: {} });
    const host = new RecordingHost(/listening/);

    expect(await runServe({ ...QUIET, config, listen: '127.0.0.1:0' }, host)).toBe(0);

    expect(host.out).toBe('');
    expect(host.err).toMatch(/^omni: listening on http:\/\/127\.0\.0\.1:[1-9]\d*\/mcp$/m);
    expect(host.err).toContain(`omni: token in ${join(folder, 'state', 'token')}\n`);
    expect(host.err).toMatch(/omni: stopped\n$/);
    expect(host.signals.eventNames()).toEqual([]);
  });

  it('tells programs in JSON, and nothing else on stdout', async () => {
    const config = await configFile({ auth: { mode: 'open' }, mcpServers: {} });
    const host = new RecordingHost(/"url"/);

    await runServe({ ...QUIET, config, listen: '127.0.0.1:0', json: true }, host);

    expect(JSON.parse(host.out)).toEqual({
      url: expect.stringMatching(/:[1-9]\d*\/mcp$/),
      sockets: [],
      tokenPath: null,
    });
  });

  it('does not repeat a token of the configuration', async () => {
    const config = await configFile({ auth: { token: 'canary-token-0123456789' }, mcpServers: {} });
    const host = new RecordingHost(/listening/);

    await runServe({ ...QUIET, config, listen: '127.0.0.1:0' }, host);

    expect(host.err).toContain('auth.token of the configuration');
    expect(host.err).not.toContain('canary');
  });

  it('checks a configuration without starting anything', async () => {
    const config = await configFile({ mcpServers: { a: { command: 'never-started' } } });
    const host = new RecordingHost(/never/);

    expect(await runServe({ ...QUIET, config, check: true }, host)).toBe(0);

    expect(host.out).toBe(`${config} is valid: 1 server\n`);
    expect(host.err).toBe('');
  });

  it('gives warnings of the configuration to people', async () => {
    const config = await configFile({ mcpServers: {} });
    const host = new RecordingHost(/never/);

    await runServe({ ...QUIET, config, check: true }, host);

    expect(host.err).toMatch(/^warning: .*no server is configured/);
  });

  it('warns of a token in a file that every user can read, and not of one that it takes from a variable', async () => {
    const config = await configFile({ auth: { token: 'canary-token-0123456789' }, mcpServers: {} });
    await chmod(config, 0o644);
    const host = new RecordingHost(/never/);
    await runServe({ ...QUIET, config, check: true }, host);
    expect(host.err).toContain('holds a token, and every user of this machine can read it; chmod 600 it');
    expect(host.err).not.toContain('canary');

    await writeFile(config, JSON.stringify({ auth: { token: '${OMNI_HOME}' }, mcpServers: {} }));
    const other = new RecordingHost(/never/);
    await runServe(
      { ...QUIET, config, check: true },
      Object.assign(other, { environment: { OMNI_HOME: 'canary-token-0123456789' } }),
    );
    expect(other.err).not.toContain('every user');
  });

  it('refuses a configuration that everybody can change', async () => {
    const config = await configFile({ mcpServers: {} });
    await chmod(config, 0o666);
    await expect(
      runServe({ ...QUIET, config, check: true }, new RecordingHost(/never/)),
    ).rejects.toMatchObject({
      code: 'OMNI_CONFIG_UNSAFE',
    });
  });

  it('refuses a broken configuration', async () => {
    const config = await configFile({ mcpServers: { a: { comand: 'x' } } });

    await expect(runServe({ ...QUIET, config }, new RecordingHost(/never/))).rejects.toMatchObject({
      code: 'OMNI_CONFIG_INVALID',
    });
  });
});
