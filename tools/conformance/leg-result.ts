import type { Revision } from './requirement-set.ts';
import type { SuiteResult } from './suite-results.ts';

/** One run of the suite, direct or through Omni. */
export interface LegResult {
  /** `direct`, or how Omni stands between. */
  readonly name: string;
  readonly revision: Revision;
  /** How many scenarios decide, also when the leg could not run. */
  readonly scoredTotal: number;
  /** Absent when the leg could not run. */
  readonly suite: SuiteResult | undefined;
  /** Why it could not run. */
  readonly problem: string | undefined;
  readonly seconds: number;
}
