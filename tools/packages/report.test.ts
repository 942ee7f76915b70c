import { describe, expect, it } from '@jest/globals';
import { countsLine, tableOf } from './report.ts';
import { rowOf, type Row } from './row.ts';

const ROWS: readonly Row[] = [
  rowOf('@omni/b', 'any', 'manifest', []),
  rowOf('@omni/b', 'Node 22.21.0', 'import', ['it throws']),
  rowOf('@omni/a', 'Node 22.21.0', 'import', []),
  { of: 'all', where: 'any', what: 'advisories', outcome: 'skipped', detail: 'nobody to ask' },
];

describe('a report', () => {
  it('counts rows by outcome', () => {
    expect(countsLine(ROWS)).toBe('2 passed, 1 failed, 1 skipped');
  });

  it('shows a line for each package and place, and says below what went wrong', () => {
    const tarball = { name: '@omni/b', version: '1', file: '', files: new Set<string>(), sha256: '' };
    expect(tableOf(ROWS, [{ ...tarball, packedBytes: 1_500, unpackedBytes: 9_000 }])).toEqual([
      'package  where         manifest  import  advisories  packed  unpacked',
      '@omni/a  Node 22.21.0            ok',
      '@omni/b  any           ok                            1.5 kB  9.0 kB',
      '@omni/b  Node 22.21.0            FAILED',
      'all      any                             skipped',
      '',
      'FAILED import of @omni/b (Node 22.21.0)',
      '  it throws',
      '',
      'skipped advisories of all (any)',
      '  nobody to ask',
    ]);
  });
});
