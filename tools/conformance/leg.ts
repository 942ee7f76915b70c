import type { LegResult } from './leg-result.ts';
import { leaveOut, loadRequirementSet, type Revision, type Side } from './requirement-set.ts';
import type { SuiteResult } from './suite-results.ts';

/** One run of the suite that can be made. */
export interface Leg {
  readonly name: string;
  readonly side: Side;
  readonly revision: Revision;
  /** Scenarios that are left out. */
  readonly without?: readonly string[];
  readonly run: () => Promise<SuiteResult>;
}

/** All runs of one side and revision. */
export interface LegGroup {
  /** Without Omni: what the others are compared with. */
  readonly direct: Leg;
  readonly throughOmni: readonly Leg[];
}

/** Runs a leg and tells what it gave; one that cannot run has failed in every scored scenario. */
export async function measure({ name, side, revision, without = [], run }: Leg): Promise<LegResult> {
  const startedAt = performance.now();
  const { scored } = leaveOut(await loadRequirementSet(revision, side), without);
  const outcome = await run().then(
    (suite) => ({ suite, problem: undefined }),
    (error: unknown) => ({
      suite: undefined,
      problem: error instanceof Error ? error.message : String(error),
    }),
  );
  return {
    name,
    revision,
    scoredTotal: scored.length,
    ...outcome,
    seconds: (performance.now() - startedAt) / 1000,
  };
}
