import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger, systemClock } from '@omni/ports';
import { lockStore, openStore } from '@omni/sql';
import { encodedOutput } from '../output/terminal.ts';
import { runCommandLine } from './command-line.ts';

let folder: string;
let stateFolder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-store-command-'));
  stateFolder = join(folder, 'state');
  const store = await openStore(
    { url: 'sqlite:', schema: 'omni', stateFolder },
    { clock: systemClock, logger: silentLogger },
  );
  await store.close();
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function omni(...argv: readonly string[]): Promise<{ exitCode: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const terminal = {
    environment: { OMNI_HOME: stateFolder },
    ...encodedOutput({
      stdout: { write: (text) => (said.out += text) },
      stderr: { write: (text) => (said.err += text) },
    }),
    readInput: () => Promise.resolve(''),
  };
  const { signal } = new AbortController();
  const exitCode = await runCommandLine(['store', ...argv], { terminal, signal });
  return { exitCode, ...said };
}

describe('omni store', () => {
  it('says that the store is whole', async () => {
    const path = join(stateFolder, 'omni.db');
    expect(await omni('check')).toEqual({
      exitCode: 0,
      out: `${path} is whole (schema version 4)\n`,
      err: '',
    });
    expect(JSON.parse((await omni('check', '-o', 'json')).out)).toEqual({
      path,
      engine: 'sqlite',
      schemaVersion: 4,
      problems: [],
    });
  });

  it('says what is damaged, and ends with 1', async () => {
    await truncate(join(stateFolder, 'omni.db'), 0);
    const { exitCode, out } = await omni('check');
    expect(exitCode).toBe(1);
    expect(out).toContain('omni.db is empty\n');
    expect(out).toContain('omni store restore FILE');
  });

  it('backs up and restores', async () => {
    const file = join(folder, 'copy.db');
    expect(JSON.parse((await omni('backup', file, '--output', 'json')).out)).toMatchObject({ backup: file });
    const { exitCode, out } = await omni('restore', file);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/omni\.db is .*copy\.db now\nWhat was there is .*omni\.db\.20/);
    expect((await readdir(stateFolder)).filter((name) => name.startsWith('omni.db.20'))).toHaveLength(1);
    expect((await omni('backup', file)).exitCode).toBe(64);
  });

  it('does not restore while a gateway runs, and ends with 3', async () => {
    const file = join(folder, 'copy.db');
    const release = await lockStore(stateFolder);
    expect((await omni('backup', file)).exitCode).toBe(0);
    const { exitCode, err } = await omni('restore', file, '-o', 'json');
    release();
    expect(exitCode).toBe(3);
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'OMNI_STORE_LOCKED', exitCode: 3 } });
  });

  it('finds the store where the configuration says', async () => {
    const config = join(folder, 'omni.yaml');
    await writeFile(config, 'storage: { url: "sqlite:own.db" }\nmcpServers: {}\n');
    expect((await omni('check', '-c', config)).err).toContain(join(folder, 'own.db'));
    await writeFile(config, 'storage: { url: "postgres://omni@db.example/omni" }\nmcpServers: {}\n');
    const { exitCode, err } = await omni('check', '-c', config);
    expect(exitCode).toBe(64);
    expect(err).toContain('pg_dump');
  });

  it.each([[], ['check', 'word'], ['backup'], ['mend']])(
    'ends with 64 for wrong usage: %j',
    async (...argv) => {
      expect((await omni(...argv)).exitCode).toBe(64);
    },
  );
});
