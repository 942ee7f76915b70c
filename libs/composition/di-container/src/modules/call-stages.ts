import type { Limiter } from '@omni/call-policies';
import type { CallStage } from '@omni/model';

/** What the stages of calls are made of. */
export interface CallStageParts {
  readonly limiter: Limiter;
}

/**
 * What every call to an upstream passes, Omni's own calls too. The order is declared here alone; the first
 * stage sees a call first.
 */
export function callStages({ limiter }: CallStageParts): readonly CallStage[] {
  return [limiter.stage];
}
