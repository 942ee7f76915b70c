import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { blocksOf, hostsOf, readmeExamples } from './examples.ts';
import type { Library } from './libraries.ts';
import { exampleRows, importRows, scriptRow, typeRows } from './project-rows.ts';
import type { StrangersProject } from './stranger.ts';

jest.setTimeout(120_000);

const ROOT = join(import.meta.dirname, '../..');
const LIBRARY: Library = {
  folder: 'libs/sample',
  manifest: {
    name: '@omni/sample',
    version: '1.0.0',
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
    nx: { tags: ['runtime:any'] },
  },
};

let folder: string;
let project: StrangersProject;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'omni-project-'));
  const types = join(folder, 'node_modules/@types/node');
  mkdirSync(types, { recursive: true });
  writeFileSync(join(types, 'index.d.ts'), 'declare const process: { exitCode: number };\n');
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  plant({});
  project = {
    folder,
    world: {
      name: 'pinned',
      node: process.execPath,
      nodeVersion: process.versions.node,
      tsc: join(ROOT, 'node_modules/@typescript/native/bin/tsc'),
      tscVersion: '7',
      nodeTypes: '*',
    },
  };
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Installs a package that is right but for the named files. */
function plant(change: Readonly<Record<string, string>>): void {
  const files = {
    'package.json': JSON.stringify({ ...LIBRARY.manifest, type: 'module' }),
    'index.js': 'export const one = 1;\n',
    'index.d.ts': 'export declare const one: number;\n',
    'README.md': "```ts\nimport { one } from '@omni/sample';\nif (one !== 1) throw new Error();\n```\n",
    ...change,
  };
  mkdirSync(join(folder, 'node_modules/@omni/sample'), { recursive: true });
  for (const [path, text] of Object.entries(files))
    writeFileSync(join(folder, 'node_modules/@omni/sample', path), text);
}

function examples(): Promise<{ outcome: string; detail?: string }[]> {
  return exampleRows(project, readmeExamples(join(folder, 'node_modules'), [LIBRARY]));
}

describe('a package in a stranger’s project', () => {
  it('passes when all is right', async () => {
    expect(await examples()).toEqual([
      { of: '@omni/sample', where: expect.any(String), what: 'example', outcome: 'ok' },
    ]);
    expect(await typeRows(project, [LIBRARY])).toMatchObject([{ outcome: 'ok' }]);
    expect(await importRows(project, [LIBRARY])).toMatchObject([{ outcome: 'ok' }]);
  });

  it('fails when its example has a type error, though it runs', async () => {
    plant({
      'README.md': "```ts\nimport { one } from '@omni/sample';\nconst two: 2 = one;\nvoid two;\n```\n",
    });
    const [row] = await examples();
    expect(row?.outcome).toBe('failed');
    expect(row?.detail).toMatch(/TS2322/);
  });

  it('fails when its example ends badly, though it compiles', async () => {
    plant({ 'README.md': '```ts\nexport {};\nprocess.exitCode = 3;\n```\n' });
    const [row] = await examples();
    expect(row?.detail).toMatch(/ended with 3/);
  });

  it('fails without an example', async () => {
    plant({ 'README.md': '# sample\n' });
    expect(await examples()).toMatchObject([{ outcome: 'failed' }]);
  });

  it('fails when its second example is wrong', async () => {
    plant({ 'README.md': "```ts\nexport {};\n```\n\n```ts\nthrow new Error('second');\n```\n" });
    const [row] = await examples();
    expect(row?.detail).toMatch(/second/);
  });

  it('fails when its declarations need what nobody installs', async () => {
    plant({ 'index.d.ts': "import type { a } from 'absent';\nexport declare const one: a;\n" });
    const [row] = await typeRows(project, [LIBRARY]);
    expect(row?.detail).toMatch(/node16: .*TS2307[^]*nodenext: .*TS2307[^]*bundler: .*TS2307/);
  });

  it('fails when a declaration for any runtime needs the types of Node', async () => {
    plant({ 'index.d.ts': 'export declare const one: typeof process;\n' });
    expect(await typeRows(project, [LIBRARY])).toMatchObject([{ outcome: 'failed' }]);
  });

  it('fails when its import has an effect', async () => {
    plant({ 'index.js': "console.log('hello');\nexport const one = 1;\n" });
    const [row] = await importRows(project, [LIBRARY]);
    expect(row?.detail).toMatch(/hello/);
  });

  it.each([
    [{ peerDependenciesMeta: { absent: { optional: true } } }, 'skipped'],
    [{ peerDependenciesMeta: {} }, 'failed'],
  ])('imports what is not there: %j', async (more, outcome) => {
    plant({ 'index.js': "import 'absent';\nexport const one = 1;\n" });
    const library = { ...LIBRARY, manifest: { ...LIBRARY.manifest, ...more } };
    expect(await importRows(project, [library])).toMatchObject([{ outcome }]);
  });

  it.each([
    [false, 'ok'],
    [true, 'failed'],
  ])('is judged by whether anything in the tree has a script: %s', (hasInstallScript, outcome) => {
    writeFileSync(
      join(folder, 'node_modules/.package-lock.json'),
      JSON.stringify({ packages: { 'node_modules/deep': { hasInstallScript } } }),
    );
    expect(scriptRow(project)).toMatchObject({ outcome });
  });
});

describe('the documents', () => {
  it('show what is marked as TypeScript', () => {
    expect(blocksOf('```ts\r\none\r\n```\n```sh\nno\n```\n```ts\ntwo\n```\n')).toEqual(['one\n', 'two\n']);
  });

  it('offer the hosts of a folder, and none where there is no folder', () => {
    expect(hostsOf(join(folder, 'absent'))).toEqual([]);
    writeFileSync(join(folder, 'host.ts'), 'export {};\n');
    writeFileSync(join(folder, 'host.test.ts'), '');
    expect(hostsOf(folder)).toEqual([
      { of: 'docs/examples/host.ts', name: 'host-host', text: 'export {};\n' },
    ]);
  });
});
