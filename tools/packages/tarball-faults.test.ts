import { describe, expect, it } from '@jest/globals';
import type { Manifest } from './libraries.ts';
import { tarballFaults } from './tarball-faults.ts';

const MANIFEST: Manifest = {
  name: '@omni/sample',
  version: '1.0.0',
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  dependencies: { zod: '^4.0.0' },
  nx: { tags: ['runtime:any'] },
};

const FILES: Readonly<Record<string, string>> = {
  'package.json': '{}',
  'README.md': '# sample',
  LICENSE: 'MIT',
  'src/index.ts': "export * from 'zod';",
  'dist/index.js': "export * from 'zod';",
  'dist/index.d.ts': "export * from 'zod';",
};

function faultsOf(change: Readonly<Record<string, string | undefined>>): string[] {
  const files = new Map(Object.entries({ ...FILES, ...change }));
  const present = [...files].flatMap(([path, text]) => (text === undefined ? [] : [path]));
  return tarballFaults(MANIFEST, {
    files: new Set(present),
    read: (path) => files.get(path) ?? '',
    licence: 'MIT',
  });
}

describe('tarballFaults', () => {
  it('has nothing to say of a package that holds what it promises', () => {
    expect(faultsOf({})).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, string | undefined>>, RegExp]>([
    ['a forgotten entry', { 'dist/index.js': undefined }, /dist\/index\.js is missing/],
    ['forgotten types', { 'dist/index.d.ts': undefined }, /dist\/index\.d\.ts is missing/],
    ['a forgotten licence', { LICENSE: undefined }, /LICENSE is missing/],
    ['another licence', { LICENSE: 'GPL' }, /not that of the workspace/],
    ['a packed test', { 'src/index.test.ts': '' }, /of no use/],
    ['what an old build left behind', { 'dist/old.js': '' }, /dist\/old\.js has no source/],
    ['an import that is not declared', { 'dist/index.js': "import 'yaml';" }, /imports yaml/],
    ['a type that is not declared', { 'dist/index.d.ts': "import type { a } from 'ws';" }, /imports ws/],
    ['a module of Node for any runtime', { 'dist/index.js': "import 'node:fs';" }, /module of Node/],
  ])('complains of %s', (_, change, words) => {
    expect(faultsOf(change).join('\n')).toMatch(words);
  });
});
