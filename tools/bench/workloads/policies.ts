import type { PoliciesResult } from '../bench-result.ts';
import type { BenchSession } from '../bench-session.ts';
import { direct } from '../subjects/direct.ts';
import { omni, omniBare, omniPolicies } from '../subjects/omni.ts';
import type { Subject } from '../subjects/subject.ts';
import { runHalfLoad } from './half-load.ts';
import { runThroughput } from './throughput.ts';

const SHAPE = { sizes: [200], connections: [32] };

/** What W-policies is to run. */
export interface PoliciesPlan {
  readonly rounds: number;
  readonly measureMs: number;
  /** Omni of a commit without policies; `undefined` for none. */
  readonly before: Subject | undefined;
}

/**
 * What policies of calls cost: Omni with all of them off, by default, and with all on, in the same rounds;
 * and the latency that Omni adds with all on at half of its capacity.
 */
export async function runPolicies(session: BenchSession, plan: PoliciesPlan): Promise<PoliciesResult> {
  const { rounds, measureMs, before } = plan;
  const subjects = [omniBare, omni, omniPolicies, ...(before === undefined ? [] : [before])];
  const throughput = await runThroughput(session, {
    workload: 'policies',
    kind: 'http',
    ...SHAPE,
    subjects,
    rounds,
    measureMs,
    startsAnew: before !== undefined,
  });
  const halfLoad = await runHalfLoad(session, { subjects: [direct, omniPolicies], rounds, measureMs });
  return { throughput, halfLoad };
}
