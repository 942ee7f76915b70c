import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keepCompiledCode } from './compiled-code.ts';

const MODULE = fileURLToPath(new URL('./compiled-code.ts', import.meta.url));

let home: string;
let cache: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'omni-compiled-'));
  cache = join(home, 'state', 'compile-cache');
  mkdirSync(join(home, 'state'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

/** What a process says that keeps its code and then loads a module: the cache is the process's own. */
function keptIn(environment: Readonly<Record<string, string>> = {}): unknown {
  const loaded = join(home, 'loaded.mjs');
  writeFileSync(loaded, 'export const loaded = () => 1;');
  const program = `
    const { keepCompiledCode } = await import(${JSON.stringify(MODULE)});
    const why = await keepCompiledCode({ OMNI_HOME: ${JSON.stringify(join(home, 'state'))} });
    await import(${JSON.stringify(loaded)});
    const { getCompileCacheDir } = await import('node:module');
    console.log(JSON.stringify({ why, isOn: getCompileCacheDir() !== undefined }));`;
  const { stdout } = spawnSync(
    process.execPath,
    ['--conditions=@omni/source', '--input-type=module', '--eval', program],
    { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', ...environment } },
  );
  return JSON.parse(stdout);
}

describe('keepCompiledCode', () => {
  it('keeps code in a folder of the state folder that is this user’s alone', () => {
    expect(keptIn()).toEqual({ isOn: true });
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(readdirSync(cache)).not.toEqual([]);
  });

  it.each([0o770, 0o707, 0o755])('keeps none where others may look into the folder (mode %o)', (mode) => {
    mkdirSync(cache, { recursive: true });
    chmodSync(cache, mode);
    expect(keptIn()).toEqual({ isOn: false, why: `${cache} is not this user's alone (mode 0700)` });
    expect(readdirSync(cache)).toEqual([]);
  });

  it('makes no state folder', () => {
    rmSync(join(home, 'state'), { recursive: true });
    expect(keptIn()).toEqual({ isOn: false });
    expect(readdirSync(home)).toEqual(['loaded.mjs']);
  });

  // guard: files/compiled-code
  it('keeps none in a folder of another user', async () => {
    const why = await keepCompiledCode({ OMNI_HOME: join(home, 'state') }, 4242);
    expect(why).toBe(`${cache} is not this user's alone (mode 0700)`);
  });

  it('keeps none where a link or a file stands in its place', () => {
    mkdirSync(join(home, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(home, 'elsewhere'), cache);
    expect(keptIn()).toMatchObject({ isOn: false });
    rmSync(cache);
    writeFileSync(cache, '');
    expect(keptIn()).toEqual({ isOn: false, why: `${cache} cannot be used (EEXIST)` });
  });

  it('obeys the variables of Node', () => {
    expect(keptIn({ NODE_DISABLE_COMPILE_CACHE: '1' })).toEqual({ isOn: false });
    rmSync(join(home, 'state'), { recursive: true });
    expect(keptIn({ NODE_COMPILE_CACHE: join(home, 'own') })).toEqual({ isOn: true });
    expect(readdirSync(home)).toEqual(['loaded.mjs', 'own']);
  });
});
