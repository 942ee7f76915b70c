import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { encodedOutput } from '../../output/terminal.ts';
import { runCommandLine } from '../command-line.ts';

jest.setTimeout(60_000);

const EXAMPLE = fileURLToPath(new URL('../../../../../docs/examples/configuration', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-example-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function omni(
  ...argv: readonly string[]
): Promise<{ readonly exitCode: number; readonly out: string }> {
  let out = '';
  const terminal = {
    environment: { OMNI_HOME: folder, NODE: process.execPath, DEMO_REGION: 'eu' },
    ...encodedOutput({ stdout: { write: (text) => (out += text) }, stderr: { write: () => {} } }),
    readInput: () => Promise.resolve(''),
  };
  const { signal } = new AbortController();
  const exitCode = await runCommandLine(['config', ...argv, '-c', EXAMPLE], { terminal, signal });
  return { exitCode, out };
}

describe('docs/examples/configuration', () => {
  it('is valid, and does what it expects of itself', async () => {
    expect(await omni('validate')).toMatchObject({ exitCode: 0 });
    expect(await omni('test')).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('2 passed, 0 failed'),
    });
  });

  it('has an .env.example that is up to date [X000-08]', async () => {
    // When this fails: omni config env-example -c docs/examples/configuration --write
    expect(await omni('env-example', '--check')).toMatchObject({ exitCode: 0 });
  });
});
