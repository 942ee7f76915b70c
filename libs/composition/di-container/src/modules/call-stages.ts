import type { CallStage } from '@omni/model';
import { type CallMeter, callTracing, type Tracer } from '@omni/telemetry';
import { declared, type DeclaredStage } from './declared-stage.ts';
import type { RoutingPolicies } from './routing-policies.ts';

/** What the stages of calls are made of. */
export interface CallStageParts {
  /** Those of routing, once for each attempt: see `routing-policies.ts`. */
  readonly policies: Pick<RoutingPolicies, 'calls' | 'faults'>;
  /** Tells of calls that their deadline has ended. */
  readonly timeouts: CallStage;
  /** Absent where nothing is measured. */
  readonly meter: CallMeter | undefined;
  /** Absent where nothing is traced. */
  readonly tracer: Tracer | undefined;
}

/** Where nobody listens to calls. */
const PAST: CallStage = (next) => next;

/**
 * What every call to an upstream passes, Omni's own calls too. The order is declared here alone; the first
 * stage sees a call first.
 */
export function callStages({
  policies,
  timeouts,
  meter,
  tracer,
}: CallStageParts): readonly DeclaredStage<CallStage>[] {
  return [
    declared('tracing', tracer === undefined ? PAST : callTracing(tracer), () =>
      tracer === undefined ? 'telemetry.otlp.endpoint is not set' : {},
    ),
    declared('metrics', meter?.stage ?? PAST, () => (meter === undefined ? 'telemetry.metrics is off' : {})),
    declared('timeouts', timeouts, (_routing, { callTimeoutMs, maxCallTimeMs }) => ({
      callTimeoutMs,
      maxCallTimeMs,
    })),
    ...policies.calls,
    policies.faults,
  ];
}
