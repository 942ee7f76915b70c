import { type CallStage, FollowedCall, NO_DIALECTS, refusedCall } from '@omni/model';
import { configuredCredentials, GatewayError, silentLogger, type UpstreamSpec } from '@omni/ports';
import type { VirtualClock } from '@omni/testing';
import { CallChains } from './call-chains.ts';
import { Deadlines } from './deadlines.ts';
import { EraMemory } from './era-memory.ts';
import type { ConnectionContext } from './open-connection.ts';
import { UpstreamCredentials } from '../credentials/upstream-credentials.ts';
import { DEFAULT_UPSTREAM_LIMITS } from './upstream-limits.ts';

/** What connections share, with nothing to reach upstreams by but what is given. */
export function connectionContextOf(
  clock: VirtualClock,
  own: Partial<ConnectionContext> = {},
): ConnectionContext {
  return {
    clock,
    logger: silentLogger,
    identity: { name: 'omni', version: '1' },
    limits: DEFAULT_UPSTREAM_LIMITS,
    deadlines: new Deadlines(clock),
    eras: new EraMemory(),
    chains: new CallChains(),
    dialects: NO_DIALECTS,
    random: () => 0,
    credentials: configuredCredentials,
    launcher: undefined,
    dialer: undefined,
    http: undefined,
    ...own,
  };
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
