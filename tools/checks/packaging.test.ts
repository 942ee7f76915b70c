import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { checkPackaging } from './packaging.mjs';

jest.setTimeout(60_000);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'omni-packaging-'));
  mkdirSync(join(folder, 'dist'));
  writeFileSync(join(folder, 'dist/index.js'), 'export const one = 1;\n');
  writeFileSync(join(folder, 'dist/index.d.ts'), 'export declare const one = 1;\n');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function complaints(entry: object | string): Promise<string[]> {
  const manifest = {
    name: 'sample',
    version: '1.0.0',
    type: 'module',
    license: 'MIT',
    files: ['dist'],
    exports: { '.': entry },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const results = await checkPackaging([folder]);
  return results.filter(({ problem }) => problem !== undefined).map(({ tool }) => tool.tool);
}

describe('checkPackaging', () => {
  it('accepts a package that holds what it promises', async () => {
    expect(await complaints({ types: './dist/index.d.ts', default: './dist/index.js' })).toEqual([]);
  });

  it('refuses an entry whose file is not there', async () => {
    expect(await complaints({ types: './dist/index.d.ts', default: './dist/main.js' })).toContain('publint');
  });

  it('refuses a package without types', async () => {
    rmSync(join(folder, 'dist/index.d.ts'));
    expect(await complaints('./dist/index.js')).toEqual(['attw']);
  });

  it('refuses types that import what users cannot resolve', async () => {
    writeFileSync(join(folder, 'dist/index.d.ts'), `export { one } from './one';\n`);
    expect(await complaints({ types: './dist/index.d.ts', default: './dist/index.js' })).toEqual(['attw']);
  });

  it('refuses a library that was not built', async () => {
    rmSync(join(folder, 'dist'), { recursive: true });
    expect(await complaints('./dist/index.js')).toEqual(['publint', 'attw']);
  });
});
