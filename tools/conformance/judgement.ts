import { differenceKey, EXPLAINED_DIFFERENCES } from './explained-differences.ts';
import type { LegResult } from './leg-result.ts';
import type { SuiteResult } from './suite-results.ts';

/** What counts of one leg, and what is wrong with it. */
export interface Judgement {
  /**
   * Scenarios that count: the scored ones, those unscored that pass without Omni, and every one that is worse
   * than without.
   */
  readonly counted: number;
  readonly passed: number;
  /** One line for each scenario that failed or lost a check. */
  readonly complaints: readonly string[];
  /** Differences that `explained-differences.ts` excuses, by their keys. */
  readonly explained: readonly string[];
}

/**
 * Judges a leg: every scored scenario must pass, and nothing may be worse than direct, check by check. A
 * check is worse when it succeeds without Omni and does not with it, also when it is not made any more,
 * unless `explained-differences.ts` says why. Of a scenario that fails without Omni too, such as one for an
 * extension which the fixture lacks, the single checks are compared.
 *
 * @param direct - The same run without Omni; `undefined` when it could not run.
 */
export function judge(leg: LegResult, direct: SuiteResult | undefined): Judgement {
  const { suite } = leg;
  if (suite === undefined)
    return {
      counted: leg.scoredTotal,
      passed: 0,
      complaints: [`could not run: ${leg.problem ?? 'no reason given'}`],
      explained: [],
    };
  const failed = new Set([...suite.scored.failed, ...suite.unscored.failed]);
  // Nobody expects Omni to do what the other side cannot do.
  const excused = new Set(direct?.unscored.failed);
  const complaints: string[] = [];
  const explained: string[] = [];
  let counted = 0;
  for (const scenario of Object.keys(suite.verdicts)) {
    const { lost, excused: here } = lostChecks(scenario, suite, direct);
    explained.push(...here);
    const hasFailed = failed.has(scenario) && !excused.has(scenario);
    if (lost.length > 0) complaints.push(`${scenario}: worse than direct: ${lost.join(', ')}`);
    else if (hasFailed) complaints.push(`${scenario}: failed`);
    if (lost.length > 0 || !excused.has(scenario)) counted++;
  }
  return { counted, passed: counted - complaints.length, complaints, explained };
}

function lostChecks(
  scenario: string,
  suite: SuiteResult,
  direct: SuiteResult | undefined,
): { readonly lost: readonly string[]; readonly excused: readonly string[] } {
  const verdicts = suite.verdicts[scenario] ?? {};
  const lost: string[] = [];
  const excused: string[] = [];
  for (const [check, before] of Object.entries(direct?.verdicts[scenario] ?? {})) {
    const now = verdicts[check];
    if (before !== 'SUCCESS' || now === 'SUCCESS') continue;
    const key = differenceKey(scenario, check);
    // A check that is made and fails is never explained away.
    if (now === undefined && key in EXPLAINED_DIFFERENCES) excused.push(key);
    else lost.push(`${check} (${now ?? 'not made'})`);
  }
  return { lost, excused };
}
