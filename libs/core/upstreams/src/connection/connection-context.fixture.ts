import { type CallStage, FollowedCall, refusedCall } from '@omni/model';
import { CountedByteBudget, GatewayError, type UpstreamSpec } from '@omni/ports';
import type { VirtualClock } from '@omni/testing';
import { CallChains } from './call-chains.ts';
import { connectionContext } from '../connection-context.ts';
import type { ConnectionContext } from './open-connection.ts';
import { UpstreamCredentials } from '../credentials/upstream-credentials.ts';

/** What connections share, with nothing to reach upstreams by but what is given. */
export function connectionContextOf(
  clock: VirtualClock,
  own: Partial<ConnectionContext> = {},
): ConnectionContext {
  const identity = { name: 'omni', version: '1' };
  const shared = connectionContext({ clock, identity, random: () => 0 });
  return { ...shared, budget: new CountedByteBudget(shared.limits.maxUnfinishedBytes).of('up'), ...own };
}

/** The credentials of an upstream, as the context's provider has them. */
export function credentialsOf(spec: UpstreamSpec, context: ConnectionContext): UpstreamCredentials {
  return new UpstreamCredentials({ ...context, spec });
}

/** Chains that let one call of each upstream run at a time. */
export function oneAtATime(): CallChains {
  const running = new Set<string>();
  const stage: CallStage =
    (next, { upstream }) =>
    (call, handler) => {
      if (running.has(upstream)) return refusedCall(handler, new GatewayError('OMNI_OVERLOADED', 'one runs'));
      running.add(upstream);
      return new (class extends FollowedCall {
        protected override onOver(): void {
          running.delete(upstream);
        }
      })(handler).begin(next, call);
    };
  return new CallChains({ stages: [stage] });
}
