import type { RoutingSettings, UpstreamSpec } from '@omni/ports';
import { DEFAULT_ROUTING } from '@omni/ports';

/** Settings that a stage goes by, as data. */
export type StageSettings = Readonly<Record<string, unknown>>;

/** A stage as it is put together with the others, and what it says of itself. */
export interface DeclaredStage<Stage> {
  readonly name: string;
  readonly stage: Stage;
  /**
   * What is in force for the calls of an upstream; a text says why the stage is off for them: then it returns
   * what follows.
   */
  readonly inForce: (spec: UpstreamSpec) => StageSettings | string;
}

/** One stage that a call of an upstream passes, or would pass. */
export interface StageInForce {
  readonly name: string;
  /** Once for each request, or for each of its attempts. */
  readonly per: 'request' | 'attempt';
  /** Absent where it is off. */
  readonly settings?: StageSettings;
  /** Why it is off. */
  readonly off?: string;
}

/** @param inForce - What it goes by, of how calls to the upstream are routed. */
export function declared<Stage>(
  name: string,
  stage: Stage,
  inForce: (routing: RoutingSettings, spec: UpstreamSpec) => StageSettings | string,
): DeclaredStage<Stage> {
  return { name, stage, inForce: (spec) => inForce(spec.routing ?? DEFAULT_ROUTING, spec) };
}

/** What the declared stages are for one upstream, in their order. */
export function stagesInForce(
  stages: readonly DeclaredStage<unknown>[],
  per: StageInForce['per'],
  spec: UpstreamSpec,
): readonly StageInForce[] {
  return stages.map(({ name, inForce }) => {
    const said = inForce(spec);
    return typeof said === 'string' ? { name, per, off: said } : { name, per, settings: said };
  });
}
