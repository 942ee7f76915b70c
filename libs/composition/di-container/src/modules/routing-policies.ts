import {
  type CallRecords,
  callRates,
  type CallLimits,
  type CallQueues,
  CapabilityBreakers,
  callQuotas,
  ErrorBudgets,
  type ErrorBudgetsOptions,
  type Limiter,
  idempotentCalls,
  type IdempotentCallsOptions,
  injectedFaults,
  type Overrides,
  OverrideStages,
  type OverrideStagesOptions,
  OwnTasks,
  requestCoalescing,
  requestDeadline,
  requestQuotas,
  requestRates,
  requestRepeats,
  unknownOutcomes,
} from '@omni/call-policies';
import { type NewEvent, RoutingEvents } from '@omni/events';
import {
  type CallContext,
  type CallStage,
  type DispatchStage,
  forwardedHeadersOf,
  type RequestStage,
  type UpstreamCall,
} from '@omni/model';
import type { Clock, Random, UpstreamSpec } from '@omni/ports';
import type { GatewayConfiguration } from '../gateway-options.ts';
import { declared, type DeclaredStage } from './declared-stage.ts';

export interface RoutingPoliciesOptions {
  readonly limits: Pick<GatewayConfiguration['limits'], 'userRate' | 'sessionRate' | 'sessionQuota'>;
  readonly storage: Pick<GatewayConfiguration['storage'], 'callRetentionMs' | 'maxCalls' | 'maxCallBytes'>;
  /** Where calls are remembered that must not be made twice. */
  readonly records: CallRecords;
  /** The definition that is in force. */
  readonly specOf: (upstream: string) => UpstreamSpec | undefined;
  readonly limiter: Limiter;
  /** Of calls under way. */
  readonly inFlight: CallLimits;
  /** Where calls wait. */
  readonly queues: CallQueues;
  /** What follows from error budgets. */
  readonly budgets: (events: RoutingEvents) => Pick<ErrorBudgetsOptions, 'onChange' | 'onHidden'>;
  readonly overrides: Overrides;
  readonly publish: (event: NewEvent) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/** What requests pass from their arrival to the connection, see `call-stages.ts` for what follows. */
export interface RoutingPolicies {
  readonly admission: readonly DeclaredStage<DispatchStage>[];
  /** Answers what clients ask about calls that have become tasks, behind the others. */
  readonly tasks: DispatchStage;
  /** Once for each request. */
  readonly requests: readonly DeclaredStage<RequestStage>[];
  /** Once for each server that an attempt asks, behind the choice among them; part of stages above. */
  readonly destinations: readonly RequestStage[];
  /** Once for each attempt. */
  readonly calls: readonly DeclaredStage<CallStage>[];
  /** Once for each attempt, behind everything else: nearest to the server. */
  readonly faults: DeclaredStage<CallStage>;
  readonly budgets: ErrorBudgets;
}

/**
 * The policies of routing, in their order: how fast users and sessions send; what becomes a task; what is
 * told of calls that are cut, and what has an idempotency key; what operators refuse for now; what a session
 * uses; the deadline of a request; whether another one asks for the same; its attempts; then for each of
 * them what operators refuse, whether its tool is left alone, what is used of the server, how fast calls
 * come, how many are under way, whether the tool is left alone by now, and what fails.
 */
export function routingPolicies(options: RoutingPoliciesOptions): RoutingPolicies {
  const { limits, storage, records, specOf, limiter, queues, overrides, publish, clock, random } = options;
  const events = new RoutingEvents(publish, clock);
  const { userRate: user, sessionRate: session, sessionQuota } = limits;
  const budgets = new ErrorBudgets({ clock, ...options.budgets(events) });
  const breakers = new CapabilityBreakers({
    clock,
    random,
    overrides,
    onChange: (upstream, { method, name }, state) => {
      if (state !== 'half-open') events.circuit(upstream, method, name, state);
    },
    onOpened: (spec, key, error) => queues.fail(spec, error, key),
  });
  const onLimited: OverrideStagesOptions['onLimited'] = (upstream, { scope, retryAfterMs }, call) =>
    events.callLimited(upstream, scope, retryAfterMs, call);
  const overridden = new OverrideStages({ overrides, specOf, clock, onLimited });
  const overridesIn =
    (kinds: readonly string[]): DeclaredStage<unknown>['inForce'] =>
    ({ name }) => {
      const found = overrides.list(name).filter(({ override: { kind } }) => kinds.includes(kind));
      return found.length === 0 ? 'no override is set' : { overrides: found };
    };
  const kept = {
    specOf,
    records,
    retentionMs: storage.callRetentionMs,
    limits: { maxCalls: storage.maxCalls, maxBytes: storage.maxCallBytes },
    clock,
    random,
  };
  const tasks = new OwnTasks({
    ...kept,
    onLost: (upstream, { message, client }, lost) =>
      events.outcomeUnknown(upstream, { method: message.method, caller: client.principal }, lost),
  });
  const onCut: IdempotentCallsOptions['onCut'] = ({ context }, upstream, cut) =>
    events.outcomeUnknown(
      upstream,
      { method: context.message.method, caller: context.client.principal },
      cut,
    );
  return {
    admission: [
      declared(
        'request-rates',
        requestRates({
          user,
          session,
          clock,
          onLimited: ({ scope, retryAfterMs }, { message, client }) =>
            events.requestLimited(message.method, client.principal, scope, retryAfterMs),
        }),
        () =>
          user === undefined && session === undefined
            ? 'limits.userRate and limits.sessionRate are not set'
            : { user, session },
      ),
    ],
    tasks: tasks.admission,
    requests: [
      declared('tasks', tasks.request, ({ taskAfterMs }) =>
        taskAfterMs === 0 ? 'routing.taskAfter is 0s' : { taskAfterMs },
      ),
      declared('outcome', unknownOutcomes({ specOf, random, onCut }), ({ trustsHints }) => ({ trustsHints })),
      declared('idempotency', idempotentCalls({ ...kept, onCut }), () => {
        const { callRetentionMs, maxCalls, maxCallBytes } = storage;
        return { callRetentionMs, maxCalls, maxCallBytes };
      }),
      { name: 'read-only', stage: overridden.request, inForce: overridesIn(['read-only']) },
      declared(
        'session-quota',
        requestQuotas({
          session: sessionQuota,
          clock,
          onUsedUp: ({ kind, retryAfterMs }, { message, client }) =>
            events.requestLimited(message.method, client.principal, `session quota: ${kind}`, retryAfterMs),
        }),
        () => (sessionQuota === undefined ? 'limits.sessionQuota is not set' : { ...sessionQuota }),
      ),
      declared('deadline', requestDeadline({ specOf, clock }), ({ deadlineMs }) =>
        deadlineMs === 0 ? 'routing.deadline is 0s' : { deadlineMs },
      ),
      declared(
        'coalescing',
        requestCoalescing({
          specOf,
          onShared: ({ context: { message, client } }, upstream) =>
            events.shared(upstream, { method: message.method, caller: client.principal }),
        }),
        ({ coalesce, trustsHints }) =>
          coalesce.followers === 0 ? 'routing.coalesce.followers is 0' : { ...coalesce, trustsHints },
      ),
      declared(
        'attempts',
        requestRepeats({
          specOf,
          clock,
          random,
          onRepeated: ({ request: { context }, upstream, attempt, why }) =>
            events.retried(upstream, tracedCall(context), { attempt, why }),
        }),
        ({ retry, hedge, trustsHints }) =>
          retry.attempts === 1 ? 'routing.retry.attempts is 1' : { retry, hedge, trustsHints },
      ),
    ],
    destinations: [overridden.destination],
    calls: [
      { name: 'overrides', stage: overridden.call, inForce: overridesIn(['breaker', 'throttle']) },
      declared('breaker-refusing', breakers.refusing, breakerInForce),
      declared(
        'quota',
        callQuotas({
          clock,
          onUsedUp: (upstream, { kind, retryAfterMs }, call) =>
            events.callLimited(upstream, `upstream quota: ${kind}`, retryAfterMs, call),
        }),
        ({ quota }) => (quota === undefined ? 'routing.quota is not set' : { ...quota }),
      ),
      declared('rates', callRates({ queues, clock, onLimited }), ({ rate, capabilityRate, queue }) =>
        rate === undefined && capabilityRate === undefined
          ? 'routing.rate and routing.capabilityRate are not set'
          : { rate, capabilityRate, queue },
      ),
      declared('limiter', limiter.stage, ({ concurrency, queue }) => {
        const { maxUpstreamInFlight, maxInstanceInFlight } = options.inFlight;
        return { maxUpstreamInFlight, maxInstanceInFlight, concurrency, queue };
      }),
      declared('breaker-judging', breakers.judging, breakerInForce),
      declared('error-budget', budgets.stage, ({ errorBudget }) =>
        errorBudget.share === 0 ? 'routing.errorBudget.share is 0' : { ...errorBudget },
      ),
    ],
    budgets,
    faults: declared(
      'faults',
      injectedFaults({
        clock,
        random,
        onStruck: (upstream, { end }, call) => events.struck(upstream, end, call),
      }),
      ({ faults: { share, delayMs, end } }) =>
        share === 0
          ? 'routing.faults.share is 0'
          : delayMs === 0 && end === 'none'
            ? 'routing.faults says neither delay nor end'
            : { share, delayMs, end },
    ),
  };
}

const breakerInForce: Parameters<typeof declared>[2] = ({ breaker }) =>
  breaker.failures === 0 && breaker.share === 0
    ? 'routing.breaker.failures and routing.breaker.share are 0'
    : breaker;

/** What an event tells of a request. */
export function tracedCall({
  message,
  client,
}: CallContext): Pick<UpstreamCall, 'method' | 'caller' | 'forwardedHeaders'> {
  const forwardedHeaders = forwardedHeadersOf(message, undefined, undefined);
  return { method: message.method, caller: client.principal, forwardedHeaders };
}
