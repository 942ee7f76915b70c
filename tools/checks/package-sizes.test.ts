import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type BundledEntry, bundledEntries, checkSizes } from './package-sizes.mjs';

const KILOBYTE = 1_024;

let folder: string;
let entries: readonly BundledEntry[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'omni-sizes-'));
  writeFileSync(join(folder, 'table.ts'), `export const TABLE: string = '${'x'.repeat(5 * KILOBYTE)}';\n`);
  writeFileSync(
    join(folder, 'index.ts'),
    `import { readFile } from 'node:fs/promises';\nexport { TABLE } from './table.ts';\nexport const read = readFile;\n`,
  );
  entries = [{ name: '@omni/sample', file: join(folder, 'index.ts'), isOfNode: false }];
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('bundledEntries', () => {
  it('has every entry but package.json, also one without a source', async () => {
    const library = join(folder, 'libs/sample');
    mkdirSync(library, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ workspaces: ['libs/*'] }));
    const exports = {
      '.': { '@omni/source': './src/index.ts', default: './dist/index.js' },
      './node': { '@omni/source': './src/node.ts', default: './dist/node.js' },
      './inner': './dist/inner.js',
      './package.json': './package.json',
    };
    writeFileSync(
      join(library, 'package.json'),
      JSON.stringify({ name: '@omni/sample', exports, nx: { tags: ['runtime:any'] } }),
    );
    expect(bundledEntries(folder)).toEqual([
      { name: '@omni/sample', file: join(library, 'src/index.ts'), isOfNode: false },
      { name: '@omni/sample/node', file: join(library, 'src/node.ts'), isOfNode: true },
      { name: '@omni/sample/inner', file: undefined, isOfNode: false },
    ]);
    expect(await checkSizes(bundledEntries(folder).slice(2), { '@omni/sample/inner': 4 })).toEqual([
      { rule: 'size-known', where: '@omni/sample/inner', what: 'has no "@omni/source" in its exports' },
    ]);
  });
});

describe('checkSizes', () => {
  it('accepts a library within its budget', async () => {
    expect(await checkSizes(entries, { '@omni/sample': 6 })).toEqual([]);
  });

  it('refuses one beyond it, with what it imports', async () => {
    expect(await checkSizes(entries, { '@omni/sample': 4 })).toEqual([
      { rule: 'size-budget', where: '@omni/sample', what: 'has 5 KB of 4' },
    ]);
  });

  it('refuses a library without a budget, and a budget without a library', async () => {
    expect(await checkSizes(entries, { '@omni/other': 4 })).toEqual([
      { rule: 'size-known', where: '@omni/other', what: 'has a budget and is no entry of a library' },
      { rule: 'size-known', where: '@omni/sample', what: 'has no budget; it has 5 KB' },
    ]);
  });
});
