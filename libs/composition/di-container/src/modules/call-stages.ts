import type { CallStage } from '@omni/model';
import { type CallMeter, callTracing, type Tracer } from '@omni/telemetry';

/** What the stages of calls are made of. */
export interface CallStageParts {
  /** Those of routing, once for each attempt: see `routing-policies.ts`. */
  readonly policies: readonly CallStage[];
  /** Tells of calls that their deadline has ended. */
  readonly timeouts: CallStage;
  /** Absent where nothing is measured. */
  readonly meter: CallMeter | undefined;
  /** Absent where nothing is traced. */
  readonly tracer: Tracer | undefined;
}

/**
 * What every call to an upstream passes, Omni's own calls too. The order is declared here alone; the first
 * stage sees a call first.
 */
export function callStages({ policies, timeouts, meter, tracer }: CallStageParts): readonly CallStage[] {
  return [
    ...(tracer === undefined ? [] : [callTracing(tracer)]),
    ...(meter === undefined ? [] : [meter.stage]),
    timeouts,
    ...policies,
  ];
}
