import { describe, expect, it } from '@jest/globals';
import { judge } from './judgement.ts';
import type { LegResult } from './leg-result.ts';
import type { SuiteResult, Verdicts } from './suite-results.ts';

const POLLING = 'server-sse-polling';
const PRIMING = 'server-sse-priming-event ServerSendsPrimingEvent';

/** A run in which `tasks` is unscored and fails, as without Omni. */
function run(changed: Readonly<Record<string, Verdicts>> = {}): SuiteResult {
  const verdicts: Record<string, Verdicts> = {
    list: { 'a A': 'SUCCESS', 'b B': 'SUCCESS' },
    [POLLING]: { [PRIMING]: 'SUCCESS' },
    tasks: { 'get Get': 'SUCCESS', 'run Run': 'FAILURE' },
    ...changed,
  };
  const failed = Object.keys(verdicts).filter((name) =>
    Object.values(verdicts[name] ?? {}).includes('FAILURE'),
  );
  const tally = (names: readonly string[]): SuiteResult['scored'] => {
    const wrong = names.filter((name) => failed.includes(name));
    return { passed: names.length - wrong.length, total: names.length, failed: wrong };
  };
  return {
    requirements: '2026-07-28',
    scored: tally(['list']),
    unscored: tally([POLLING, 'tasks']),
    warned: [],
    checks: { passed: 0, failed: 0, warnings: 0 },
    verdicts,
  };
}

function leg(suite: SuiteResult | undefined): LegResult {
  return {
    name: 'server http /mcp',
    revision: '2026-07-28',
    scoredTotal: 1,
    suite,
    problem: 'gone',
    seconds: 1,
  };
}

describe('judge', () => {
  it('counts what is scored and what passes without Omni, and nothing that fails in the same way on both sides', () => {
    expect(judge(leg(run()), run())).toEqual({ counted: 2, passed: 2, complaints: [], explained: [] });
  });

  it('fails a scored scenario without any reference', () => {
    const judgement = judge(leg(run({ list: { 'a A': 'FAILURE' } })), undefined);
    expect(judgement.complaints).toEqual(['list: failed', 'tasks: failed']);
  });

  it.each([
    ['fails', { 'a A': 'FAILURE', 'b B': 'SUCCESS' }, 'a A (FAILURE)'],
    ['warns', { 'a A': 'SUCCESS', 'b B': 'WARNING' }, 'b B (WARNING)'],
    ['is not made', { 'a A': 'SUCCESS' }, 'b B (not made)'],
  ] as const)('fails a scenario in which a check that succeeded %s', (_what, list, told) => {
    expect(judge(leg(run({ list })), run())).toMatchObject({
      counted: 2,
      passed: 1,
      complaints: [`list: worse than direct: ${told}`],
    });
  });

  it('counts a scenario that fails on both sides when it is worse in one check', () => {
    const suite = run({ tasks: { 'get Get': 'FAILURE', 'run Run': 'FAILURE' } });
    expect(judge(leg(suite), run())).toMatchObject({
      counted: 3,
      passed: 2,
      complaints: ['tasks: worse than direct: get Get (FAILURE)'],
    });
  });

  it('excuses a check that is not made for a reason that is written down, but not one that fails', () => {
    expect(judge(leg(run({ [POLLING]: {} })), run())).toMatchObject({
      complaints: [],
      explained: [`${POLLING} server-sse-priming-event`],
    });
    expect(judge(leg(run({ [POLLING]: { [PRIMING]: 'WARNING' } })), run()).complaints).toEqual([
      `${POLLING}: worse than direct: ${PRIMING} (WARNING)`,
    ]);
  });

  it('gives a leg that could not run no points', () => {
    expect(judge(leg(undefined), run())).toMatchObject({
      counted: 1,
      passed: 0,
      complaints: ['could not run: gone'],
    });
  });
});
