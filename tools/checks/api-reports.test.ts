import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { checkApis, entriesOf, readApi } from './api-reports.mjs';

jest.setTimeout(60_000);

let folder: string;
let reports: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'omni-api-')));
  reports = join(folder, 'reports');
  mkdirSync(reports);
  mkdirSync(join(folder, 'dist'));
  expose({
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  });
  writeFileSync(join(folder, 'dist/shape.d.ts'), 'export interface Shape {\n  readonly sides: number;\n}\n');
  show(`export type { Shape } from './shape.ts';`);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function expose(exports: unknown): void {
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: '@omni/sample', type: 'module', exports }),
  );
}

/** @param also - Further lines of the index, beside a function that takes a shape. */
function show(...also: readonly string[]): void {
  const lines = [
    `import type { Shape } from './shape.ts';`,
    'export declare function area(shape: Shape): number;',
  ];
  writeFileSync(join(folder, 'dist/index.d.ts'), [...lines, ...also, ''].join('\n'));
}

const check = (isWritten = false): readonly { rule: string; what: string }[] =>
  checkApis(entriesOf(folder), reports, { isWritten });

describe('readApi', () => {
  it('shows what can be imported', () => {
    const api = entriesOf(folder).map((entry) => readApi(entry));
    expect(api).toHaveLength(1);
    expect(api[0]?.problems).toEqual([]);
    expect(api[0]?.report).toContain('export function area(shape: Shape): number;');
    expect(api[0]?.report).toContain('readonly sides: number;');
  });
});

describe('checkApis', () => {
  it('finds nothing wrong with what was written and has not changed', () => {
    expect(check(true)).toEqual([]);
    expect(check()).toEqual([]);
  });

  it('takes a signature over several lines for the same', () => {
    check(true);
    const index = join(folder, 'dist/index.d.ts');
    writeFileSync(
      index,
      readFileSync(index, 'utf8').replace('area(shape: Shape)', 'area(\n  shape: Shape,\n)'),
    );
    expect(readApi(entriesOf(folder)[0] as never).report).toContain('area(\n');
    expect(check()).toEqual([]);
  });

  it('refuses a signature with a type that cannot be imported', () => {
    show();
    expect(check(true)).toEqual([
      { rule: 'exported-types', where: 'sample', what: 'Shape stands in a signature and is not exported' },
    ]);
  });

  it('refuses a change that was not taken over, and says where it begins', () => {
    check(true);
    show(`export type { Shape } from './shape.ts';`, 'export declare const SIDES: 4;');
    expect(check()).toEqual([
      {
        rule: 'api-report',
        where: 'docs/api/sample.api.md',
        what: expect.stringMatching(/^differs from line \d+ on: ".*" is now ".*"$/),
      },
    ]);
  });

  it('refuses a library without a report', () => {
    expect(check()).toEqual([{ rule: 'api-report', where: 'docs/api/sample.api.md', what: 'is not there' }]);
  });

  it('refuses an entry that is a file without types', () => {
    expose({ './inner': './dist/inner.js' });
    expect(check()).toEqual([
      { rule: 'readable-types', where: 'sample.inner', what: expect.stringContaining('has no "types"') },
    ]);
    expose('./dist/index.js');
    expect(check().map(({ rule }) => rule)).toContain('readable-types');
  });

  it('refuses the report of an entry that is gone, and takes it away when it writes', () => {
    writeFileSync(join(reports, 'sample.gone.api.md'), '');
    expect(check(true)).toEqual([]);
    expect(readdirSync(reports)).toEqual(['sample.api.md']);
    writeFileSync(join(reports, 'sample.gone.api.md'), '');
    expect(check()).toEqual([
      {
        rule: 'api-report',
        where: 'docs/api/sample.gone.api.md',
        what: 'is the report of an entry that no public library has',
      },
    ]);
  });

  it('refuses a library that was not built', () => {
    rmSync(join(folder, 'dist'), { recursive: true });
    expect(check().map(({ rule }) => rule)).toEqual(['readable-types']);
  });
});
