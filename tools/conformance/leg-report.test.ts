import { describe, expect, it } from '@jest/globals';
import type { LegResult } from './leg-result.ts';
import { formatProgress, formatTable } from './leg-report.ts';

const direct: LegResult = {
  name: 'server direct',
  revision: '2026-07-28',
  scoredTotal: 2,
  suite: {
    requirements: '2026-07-28',
    scored: { passed: 2, total: 2, failed: [] },
    unscored: { passed: 1, total: 2, failed: ['tasks-lifecycle'] },
    warned: ['caching'],
    checks: { passed: 9, failed: 1, warnings: 1 },
    verdicts: {},
  },
  problem: undefined,
  seconds: 2.53,
};

describe('formatTable', () => {
  it('aligns one row for each leg', () => {
    expect(formatTable([direct])).toBe(
      [
        'leg            revision    scored  unscored  checks       warned  seconds',
        'server direct  2026-07-28  2/2     1/2       9 ok, 1 bad  1       2.5',
      ].join('\n'),
    );
  });

  it('gives a leg that could not run no points', () => {
    const lines = formatTable([{ ...direct, suite: undefined, problem: 'it ended with 1' }]).split('\n');
    expect(lines[1]).toContain('0/2');
  });
});

describe('formatProgress', () => {
  it('names each scenario that has a complaint', () => {
    expect(
      formatProgress(direct, { counted: 3, passed: 2, complaints: ['caching: failed'], explained: [] }),
    ).toBe('2026-07-28 server direct: 2/3 (2.5 s)\n  caching: failed');
  });
});
