import { DEFAULT_ROUTING, type UpstreamSpec } from '@omni/ports';
import type { UpstreamDefinitions } from '@omni/upstreams';
import type { StageSettings } from './declared-stage.ts';

/** What the choice among servers goes by for the calls of an upstream; or why there is none. */
export function candidatesInForce(
  { name, routing = DEFAULT_ROUTING }: UpstreamSpec,
  definitions: Pick<UpstreamDefinitions, 'groupOf' | 'group'>,
): StageSettings | string {
  const { balance, failover, fallback, mirror } = routing;
  const members = definitions.group(definitions.groupOf(name))?.members ?? [];
  if (members.length < 2 && failover.length === 0 && fallback === undefined && mirror === undefined)
    return 'it has no replicas, and routing has no failover, fallback or mirror';
  return {
    ...(members.length > 1 && { replicas: members.map((member) => member.name), balance }),
    failover,
    ...(fallback !== undefined && { fallback }),
    ...(mirror !== undefined && { mirror }),
  };
}
