import {
  type CallRatesOptions,
  type CallRecords,
  callRates,
  type CallQueues,
  CapabilityBreakers,
  callQuotas,
  ErrorBudgets,
  type ErrorBudgetsOptions,
  type Limiter,
  idempotentCalls,
  type IdempotentCallsOptions,
  requestDeadline,
  requestQuotas,
  requestRates,
  requestRepeats,
  unknownOutcomes,
} from '@omni/call-policies';
import { type NewEvent, RoutingEvents } from '@omni/events';
import type { CallStage, DispatchStage, RequestStage } from '@omni/model';
import type { Clock, Random, UpstreamSpec } from '@omni/ports';
import type { GatewayConfiguration } from '../gateway-options.ts';

export interface RoutingPoliciesOptions {
  readonly limits: Pick<GatewayConfiguration['limits'], 'userRate' | 'sessionRate' | 'sessionQuota'>;
  readonly storage: Pick<GatewayConfiguration['storage'], 'callRetentionMs' | 'maxCalls' | 'maxCallBytes'>;
  /** Where calls are remembered that must not be made twice. */
  readonly records: CallRecords;
  /** The definition that is in force. */
  readonly specOf: (upstream: string) => UpstreamSpec | undefined;
  readonly limiter: Limiter;
  /** Where calls wait. */
  readonly queues: CallQueues;
  /** What follows from error budgets. */
  readonly budgets: (events: RoutingEvents) => Pick<ErrorBudgetsOptions, 'onChange' | 'onHidden'>;
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
  readonly budgets: ErrorBudgets;
}

/**
 * The policies of routing, in their order: how fast users and sessions send; what is told of calls that are
 * cut, and what has an idempotency key; what a session uses; the deadline of a request; its attempts; then
 * for each of them whether its tool is left alone, what is used of the server, how fast calls come, how many
 * are under way, whether the tool is left alone by now, and what fails.
 */
export function routingPolicies(options: RoutingPoliciesOptions): RoutingPolicies {
  const { limits, storage, records, specOf, limiter, queues, publish, clock, random } = options;
  const events = new RoutingEvents(publish, clock);
  const { userRate: user, sessionRate: session, sessionQuota } = limits;
  const budgets = new ErrorBudgets({ clock, ...options.budgets(events) });
  const breakers = new CapabilityBreakers({
    clock,
    random,
    onChange: (upstream, { method, name }, state) => {
      if (state !== 'half-open') events.circuit(upstream, method, name, state);
    },
    onOpened: (spec, key, error) => queues.fail(spec, error, key),
  });
  const onLimited: CallRatesOptions['onLimited'] = (upstream, { scope, retryAfterMs }, call) =>
    events.callLimited(upstream, scope, retryAfterMs, call);
  const onCut: IdempotentCallsOptions['onCut'] = ({ context }, upstream, cut) =>
    events.outcomeUnknown(
      upstream,
      { method: context.message.method, caller: context.client.principal },
      cut,
    );
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
      unknownOutcomes({ specOf, random, onCut }),
      idempotentCalls({
        specOf,
        records,
        retentionMs: storage.callRetentionMs,
        limits: { maxCalls: storage.maxCalls, maxBytes: storage.maxCallBytes },
        clock,
        random,
        onCut,
      }),
      ...(sessionQuota === undefined
        ? []
        : [
            requestQuotas({
              session: sessionQuota,
              clock,
              onUsedUp: ({ kind, retryAfterMs }, { message, client }) =>
                events.requestLimited(
                  message.method,
                  client.principal,
                  `session quota: ${kind}`,
                  retryAfterMs,
                ),
            }),
          ]),
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
    calls: [
      breakers.refusing,
      callQuotas({
        clock,
        onUsedUp: (upstream, { kind, retryAfterMs }, call) =>
          events.callLimited(upstream, `upstream quota: ${kind}`, retryAfterMs, call),
      }),
      callRates({ queues, clock, onLimited }),
      limiter.stage,
      breakers.judging,
      budgets.stage,
    ],
    budgets,
  };
}
