import {
  type CallRatesOptions,
  callRates,
  CapabilityBreakers,
  requestDeadline,
  requestRates,
  requestRepeats,
} from '@omni/call-policies';
import { type NewEvent, RoutingEvents } from '@omni/events';
import type { CallStage, DispatchStage, RequestStage } from '@omni/model';
import type { Clock, Random, UpstreamSpec } from '@omni/ports';
import type { GatewayConfiguration } from '../gateway-options.ts';

export interface RoutingPoliciesOptions {
  readonly limits: Pick<GatewayConfiguration['limits'], 'userRate' | 'sessionRate'>;
  /** The definition that is in force. */
  readonly specOf: (upstream: string) => UpstreamSpec | undefined;
  readonly publish: (event: NewEvent) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/** What requests pass from their arrival to the connection, see `call-stages.ts` for what follows. */
export interface RoutingPolicies {
  readonly admission: readonly DispatchStage[];
  /** Once for each request. */
  readonly requests: readonly RequestStage[];
  /** Once for each attempt. */
  readonly calls: readonly CallStage[];
}

/**
 * The policies of routing, in their order: how fast users and sessions send; the deadline of a request; its
 * attempts; then for each of them whether its tool is left alone, how fast calls come, and whether it is left
 * alone by now.
 */
export function routingPolicies(options: RoutingPoliciesOptions): RoutingPolicies {
  const { limits, specOf, publish, clock, random } = options;
  const events = new RoutingEvents(publish, clock);
  const { userRate: user, sessionRate: session } = limits;
  const breakers = new CapabilityBreakers({
    clock,
    random,
    onChange: (upstream, { method, name }, state) => {
      if (state !== 'half-open') events.circuit(upstream, method, name, state);
    },
  });
  const onLimited: CallRatesOptions['onLimited'] = (upstream, { scope, retryAfterMs }, call) =>
    events.callLimited(upstream, scope, retryAfterMs, call);
  return {
    admission:
      user === undefined && session === undefined
        ? []
        : [
            requestRates({
              user,
              session,
              clock,
              onLimited: ({ scope, retryAfterMs }, { message, client }) =>
                events.requestLimited(message.method, client.principal, scope, retryAfterMs),
            }),
          ],
    requests: [
      requestDeadline({ specOf, clock }),
      requestRepeats({
        specOf,
        clock,
        random,
        onRepeated: ({ request: { context }, upstream, attempt, why }) =>
          events.retried(
            upstream,
            { method: context.message.method, caller: context.client.principal },
            { attempt, why },
          ),
      }),
    ],
    calls: [breakers.refusing, callRates({ clock, onLimited }), breakers.judging],
  };
}
