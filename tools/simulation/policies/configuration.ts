import type { QuotaSettings, RateSettings, RoutingSettings } from '@omni/ports';
import { type PlannedUpstream, type PolicyPlan, USERS } from './plan.ts';
import { RESTART_MS } from './references/starts.ts';

/** How a server is reached: members of its entry, such as `url`. */
export type Reach = (upstream: PlannedUpstream) => Readonly<Record<string, unknown>>;

export function tokenOf(user: string): string {
  return `simulated-token-of-${user}`;
}

/** The configuration file of a plan: what Omni is told of it, on virtual time and as a process. */
export function configurationTextOf({ limits, upstreams }: PolicyPlan, reach: Reach): string {
  const { maxUpstreamInFlight, userRate, sessionRate, sessionQuota } = limits;
  return JSON.stringify({
    auth: {
      mode: 'token',
      token: tokenOf('owner'),
      tokens: USERS.map((name) => ({ name, token: tokenOf(name) })),
    },
    limits: {
      maxUpstreamInFlight,
      ...(userRate !== undefined && { userRate: rate(userRate) }),
      ...(sessionRate !== undefined && { sessionRate: rate(sessionRate) }),
      ...(sessionQuota !== undefined && { sessionQuota: quotaText(sessionQuota) }),
    },
    mcpServers: Object.fromEntries(upstreams.map((upstream) => [upstream.name, entry(upstream, reach)])),
  });
}

function entry(upstream: PlannedUpstream, reach: Reach): Readonly<Record<string, unknown>> {
  const { era, callTimeoutMs, routing, replica, isPerSession = false } = upstream;
  return {
    ...reach(upstream),
    protocol: era === 'modern' ? '2026-07-28' : 'legacy',
    instances: isPerSession ? 'per-session' : 'shared',
    ...(replica !== undefined && { replica }),
    callTimeout: ms(callTimeoutMs),
    // Servers come back soon: what is looked at here is what becomes of calls.
    restart: { steps: Array.from({ length: 30 }, () => ms(RESTART_MS)), flapFalls: 1_000 },
    circuit_breaker: { failure_threshold: 30, recovery_timeout: ms(RESTART_MS) },
    health: { interval: '0s' },
    routing: routingText(routing),
  };
}

function routingText({
  deadlineMs,
  trustsHints,
  retry,
  hedge,
  breaker,
  rate: upstreamRate,
  capabilityRate,
  queue,
  concurrency: { isAdaptive, ...places },
  balance,
  failover,
  quota,
  errorBudget,
  coalesce,
  taskAfterMs,
}: RoutingSettings): Readonly<Record<string, unknown>> {
  return {
    deadline: ms(deadlineMs),
    trustHints: trustsHints,
    retry: {
      attempts: retry.attempts,
      backoff: ms(retry.backoffMs),
      factor: retry.factor,
      maxBackoff: ms(retry.maxBackoffMs),
      budget: retry.budget,
    },
    hedge: { quantile: hedge.quantile, minDelay: ms(hedge.minDelayMs) },
    breaker: { failures: breaker.failures, open: ms(breaker.openMs), maxOpen: ms(breaker.maxOpenMs) },
    ...(upstreamRate !== undefined && { rate: rate(upstreamRate) }),
    ...(capabilityRate !== undefined && { capabilityRate: rate(capabilityRate) }),
    queue: { max: queue.maxWaiting, wait: ms(queue.maxWaitMs) },
    concurrency: { adaptive: isAdaptive, ...places },
    balance,
    failover,
    ...(quota !== undefined && { quota: quotaText(quota) }),
    errorBudget: {
      share: errorBudget.share,
      window: ms(errorBudget.windowMs),
      minCalls: errorBudget.minCalls,
      concurrency: errorBudget.concurrency,
      hide: errorBudget.hides,
    },
    coalesce,
    taskAfter: ms(taskAfterMs),
  };
}

function quotaText({ windowMs, calls, busyMs }: QuotaSettings): Readonly<Record<string, unknown>> {
  return {
    window: ms(windowMs),
    ...(calls !== undefined && { calls }),
    ...(busyMs !== undefined && { busy: ms(busyMs) }),
  };
}

function rate({ perSecond, burst }: RateSettings): { readonly rps: number; readonly burst: number } {
  return { rps: perSecond, burst };
}

function ms(value: number): string {
  return `${value}ms`;
}
