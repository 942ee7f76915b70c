import { describe, expect, it } from '@jest/globals';
import { formatTable, worseThanDirect, type LegResult } from './leg-report.ts';

const direct: LegResult = {
  name: 'direct',
  revision: '2026-07-28',
  scoredTotal: 2,
  suite: {
    requirements: '2026-07-28',
    scored: { passed: 2, total: 2, failed: [] },
    unscored: { passed: 1, total: 2, failed: ['tasks-lifecycle'] },
    warned: ['caching'],
    checks: { passed: 9, failed: 1, warnings: 1 },
  },
  problem: undefined,
  seconds: 2.53,
};

/** The same run through Omni, with some facts changed. */
function through(changed: Partial<NonNullable<LegResult['suite']>>): LegResult {
  return { ...direct, name: 'stdio /mcp', ...(direct.suite === undefined ? {} : { suite: { ...direct.suite, ...changed } }) };
}

describe('formatTable', () => {
  it('aligns one row for each leg', () => {
    expect(formatTable([direct])).toBe(
      [
        'leg     revision    scored  unscored  checks       warned  seconds',
        'direct  2026-07-28  2/2     1/2       9 ok, 1 bad  1       2.5',
      ].join('\n'),
    );
  });

  it('names the scored scenarios that failed', () => {
    const failed = through({ scored: { passed: 1, total: 2, failed: ['tools-list'] } });
    expect(formatTable([failed]).split('\n').at(-1)).toBe('stdio /mcp 2026-07-28: failed: tools-list');
  });

  it('says why a leg could not run and gives it no points', () => {
    const lines = formatTable([{ ...direct, suite: undefined, problem: 'it ended with 1' }]).split('\n');
    expect(lines[1]).toContain('0/2');
    expect(lines[2]).toBe('direct 2026-07-28: could not run: it ended with 1');
  });
});

describe('worseThanDirect', () => {
  it('has nothing to say when both went the same', () => {
    expect(worseThanDirect(through({}), direct)).toEqual([]);
  });

  it('names what fails or warns only behind Omni', () => {
    const worse = through({
      unscored: { passed: 0, total: 2, failed: ['tasks-lifecycle', 'json-schema-2020-12'] },
      warned: ['caching', 'ping'],
    });
    expect(worseThanDirect(worse, direct)).toEqual([
      'unscored scenarios that pass only without Omni: json-schema-2020-12',
      'scenarios that warn only behind Omni: ping',
    ]);
  });
});
