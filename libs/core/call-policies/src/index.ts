export {
  Balancer,
  type BalancedCall,
  type BalancedRequest,
  type BalancerOptions,
  type ReplicaFacts,
} from './balance/balancer.ts';
export type { Canary } from './balance/canary.ts';
export type { CapabilityLoad } from './balance/capability-loads.ts';
export { Balancers, type BalancersOptions } from './candidates/balancers.ts';
export type { RouteReason } from './candidates/candidate-walk.ts';
export type { Readiness, ReplicaAccess, ReplicaGroup } from './candidates/replica-access.ts';
export {
  CircuitBreaker,
  type BreakerPermit,
  type BreakerState,
  type CircuitBreakerOptions,
} from './breaker/circuit-breaker.ts';
export { DEFAULT_TRIP_RULE, type TripRule } from './breaker/trip-rule.ts';
export { whoseFailure, type CallEnd, type Culprit } from './breaker/whose-failure.ts';
export {
  AdaptiveLimit,
  type AdaptiveLimitOptions,
  type LimitedEnd,
  type LimitedPlace,
} from './concurrency/adaptive-limit.ts';
export { CallDeadline, type CallDeadlineOptions, type DeadlineEnd } from './deadline/call-deadline.ts';
export { Limiter, type CallLimits, type LimiterOptions } from './limiter.ts';
export type { ErrorBudgetState } from './error-budget/error-budget.ts';
export { MemoryGuard, type MemoryGuardOptions, type MemoryPressure } from './pressure/memory-guard.ts';
export { CallQueues, UpstreamQueues } from './queue/call-queues.ts';
export { Quota, type QuotaKind, type QuotaOptions, type QuotaRefusal, type QuotaUse } from './quota/quota.ts';
export {
  Overrides,
  type Override,
  type OverrideChange,
  type OverrideInForce,
  type OverrideKind,
  type OverrideSettings,
  type OverrideListener,
  type OverridesOf,
  type OverridesOptions,
  type OverrideTarget,
} from './overrides/overrides.ts';
export { RateLimits, type RateKeys, type RateRefusal, type RateScope } from './rate/rate-limits.ts';
export { RateQueue, type RateQueueOptions } from './rate/rate-queue.ts';
export { TokenBuckets, type RateLimit, type TokenBucketsOptions } from './rate/token-buckets.ts';
export { CallAttempts, type CallAttemptsOptions } from './repeat/call-attempts.ts';
export { isReadOnly, isSafe, type CallFacts } from './repeat/call-safety.ts';
export { hedgeDelayMs, type HedgeOptions, type HedgeQuestion } from './repeat/hedge.ts';
export { LatencyQuantile, type LatencyQuantileOptions } from './repeat/latency-quantile.ts';
export { mayRepeat, type AttemptEnd, type RepeatQuestion, type RepeatReason } from './repeat/may-repeat.ts';
export { RepeatBudget, type RepeatBudgetOptions } from './repeat/repeat-budget.ts';
export {
  DEFAULT_REPEAT_DELAYS,
  repeatDelayMs,
  retryAfterMsOf,
  type RepeatDelayQuestion,
  type RepeatDelays,
} from './repeat/repeat-delay.ts';
export { startWaitMs } from './repeat/start-wait.ts';
export { callQuotas, type CallQuotasOptions } from './stages/call-quotas.ts';
export { callRates, type CallRatesOptions } from './stages/call-rates.ts';
export { type Called, keyOf } from './stages/called.ts';
export type { LimitReached } from './stages/rate-limited.ts';
export { CapabilityBreakers, type CapabilityBreakersOptions } from './stages/capability-breakers.ts';
export { ErrorBudgets, type ErrorBudgetsOptions } from './stages/error-budgets.ts';
export { FAULT_KEY, injectedFaults, type InjectedFaultsOptions } from './stages/injected-faults.ts';
export { heldOpen, OverrideStages, type OverrideStagesOptions } from './stages/override-stages.ts';
export {
  requestCandidates,
  type RequestCandidatesOptions,
  type RoutedCall,
} from './stages/request-candidates.ts';
export { requestCoalescing, type RequestCoalescingOptions } from './stages/request-coalescing.ts';
export { unknownOutcomes, type UnknownOutcomesOptions } from './stages/unknown-outcomes.ts';
export { idempotentCalls, type IdempotentCallsOptions } from './stages/idempotent-calls.ts';
export { IDEMPOTENCY_KEY } from './outcome/idempotency-key.ts';
export type { CallRecords } from './outcome/keyed-run.ts';
export type { CutCall } from './outcome/unknown-outcome.ts';
export { requestDeadline, type RequestDeadlineOptions } from './stages/request-deadline.ts';
export { requestQuotas, type RequestQuotasOptions } from './stages/request-quotas.ts';
export { requestRates, type RequestRatesOptions } from './stages/request-rates.ts';
export {
  requestRepeats,
  type RepeatedAttempt,
  type RequestRepeatsOptions,
} from './stages/request-repeats.ts';
export { OwnTasks, type OwnTasksOptions } from './tasks/own-tasks.ts';
