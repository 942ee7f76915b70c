import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { controlSocketPath } from '@omni/node';
import { GatewayError, silentLogger } from '@omni/ports';
import { askOmni } from './ask-omni.ts';
import { configurationCommands } from './configuration-commands.ts';
import { openControlSocket } from './control-socket.ts';

let folder: string;
const ends: (() => void)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-control-'));
});
afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await rm(folder, { recursive: true, force: true });
});

const METHODS = {
  echo: async (params: unknown) => params,
  nothing: async () => undefined,
  fail: () =>
    Promise.reject(new GatewayError('OMNI_CONFIG_HELD', 'it waits', { hint: 'look', data: { most: 3 } })),
};

async function open(
  methods: Parameters<typeof openControlSocket>[0]['methods'] = METHODS,
): Promise<string[]> {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_fields: unknown, words: string) => void warnings.push(words) };
  ends.push(await openControlSocket({ path: controlSocketPath(folder), methods, logger }));
  return warnings;
}

function ask(method: string, params = {}): Promise<unknown> {
  return askOmni(method, params, { environment: { OMNI_HOME: folder }, signal: AbortSignal.timeout(5_000) });
}

describe('the control socket', () => {
  it('answers its owner, and passes on why it does not', async () => {
    await open();
    expect(await ask('echo', { a: [1, 'é'] })).toEqual({ a: [1, 'é'] });
    expect(await ask('nothing')).toBeNull();
    await expect(ask('fail')).rejects.toMatchObject({
      code: 'OMNI_CONFIG_HELD',
      message: 'it waits',
      hint: 'look',
      data: { most: 3 },
    });
    await expect(ask('toString')).rejects.toMatchObject({ code: 'OMNI_METHOD_UNKNOWN' });
  });

  it('is for its owner alone', async () => {
    await open();
    if (process.platform === 'win32') return;
    expect((await stat(controlSocketPath(folder))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['another object', '{"no":"question"}'],
    ['an id that is nested deeply', `{"id":${'['.repeat(32_000)}${']'.repeat(32_000)}}`],
  ])('outlives what is no question: %s', async (_what, text) => {
    await open();
    await new Promise<void>((resolve) => {
      const socket = connect({ path: controlSocketPath(folder) }, () => socket.write(`${text}\n`));
      socket.on('data', (data) => {
        expect(String(data)).toContain('OMNI_METHOD_UNKNOWN');
        socket.destroy();
        resolve();
      });
    });
    expect(await ask('echo')).toEqual({});
  });

  it('is not taken from another Omni: the log says so', async () => {
    await open();
    expect(await open()).toEqual([expect.stringContaining('do not reach this Omni')]);
    expect(await ask('echo')).toEqual({});
  });

  it('says where nobody answers', async () => {
    await expect(ask('echo')).rejects.toMatchObject({ code: 'OMNI_GATEWAY_UNREACHABLE' });
    await writeFile(controlSocketPath(folder), '');
    await expect(ask('echo')).rejects.toMatchObject({ code: 'OMNI_GATEWAY_UNREACHABLE' });
  });

  it('knows no configuration where Omni has none', async () => {
    await open(configurationCommands(undefined));
    await expect(ask('config/apply')).rejects.toMatchObject({ code: 'OMNI_USAGE' });
  });
});
