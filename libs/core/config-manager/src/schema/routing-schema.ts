import {
  DEFAULT_ROUTING,
  type QuotaSettings,
  type RateSettings,
  type ReplicaSettings,
  type RoutingSettings,
} from '@omni/ports';
import * as z from 'zod/mini';
import { exposedServerName } from '../clients/exposed-server-name.ts';
import { countSchema, durationSchema } from './setting-schema.ts';

const DurationSchema = durationSchema({ allowZero: false });
const DEFAULT_WINDOW_MS = 3_600_000;
const AnyDurationSchema = durationSchema({ allowZero: true });

/** By the names of the seed (X000-01). */
export const RateSchema = z.strictObject({
  rps: z
    .number()
    .check(z.minimum(0.001), z.maximum(1_000_000), z.describe('How many in a second, in the long run.')),
  burst: z
    .optional(countSchema(1, 1_000_000))
    .check(z.describe('How many at once. Default: those of one second.')),
});

export const QuotaSchema = z.strictObject({
  window: z
    .optional(DurationSchema)
    .check(z.describe('The time that it is for, which begins with the first call. Default: 1h.')),
  calls: z.optional(countSchema(1, 1_000_000_000)).check(z.describe('How many calls. Default: any.')),
  bytes: z
    .optional(countSchema(1, Number.MAX_SAFE_INTEGER))
    .check(z.describe('How many bytes are asked and answered. Default: any.')),
  busy: z.optional(DurationSchema).check(z.describe('For how long calls run, all together. Default: any.')),
});

const RetrySchema = z.strictObject({
  attempts: z
    .optional(countSchema(1, 10))
    .check(
      z.describe(
        'Attempts of one request, with the first one and those beside it; 1: nothing is repeated. Default: 3.',
      ),
    ),
  backoff: z
    .optional(DurationSchema)
    .check(
      z.describe('Longest wait before the second attempt; chance picks what is waited. Default: 250ms.'),
    ),
  factor: z
    .optional(z.number().check(z.minimum(1), z.maximum(10)))
    .check(z.describe('What the longest wait is multiplied with each time. Default: 2.')),
  maxBackoff: z.optional(DurationSchema).check(z.describe('Longest wait of all. Default: 4s.')),
  budget: z
    .optional(z.number().check(z.minimum(0), z.maximum(1)))
    .check(
      z.describe(
        'Largest share of the calls to a server that may be repeated; a few always may. Default: 0.2.',
      ),
    ),
});

const HedgeSchema = z.strictObject({
  quantile: z
    .optional(z.number().check(z.minimum(0), z.maximum(0.999)))
    .check(
      z.describe(
        'Share of calls that answer sooner: a read that takes longer, such as than 0.95 of them, gets a second attempt beside it; 0: none does. Default: 0.',
      ),
    ),
  minDelay: z.optional(DurationSchema).check(z.describe('No second attempt begins earlier. Default: 10ms.')),
});

const BreakerSchema = z.strictObject({
  failures: z
    .optional(countSchema(0, 1_000))
    .check(
      z.describe(
        'Failures in a row that keep calls away from one tool, prompt or resource; 0: none do. Default: 5.',
      ),
    ),
  share: z
    .optional(z.number().check(z.minimum(0), z.maximum(0.99)))
    .check(
      z.describe(
        'In place of failures: the share of the last calls above which it opens; 0: none. Default: 0.',
      ),
    ),
  calls: z.optional(countSchema(1, 10_000)).check(z.describe('How many the last calls are. Default: 20.')),
  open: z.optional(DurationSchema).check(z.describe('From then to the first trial. Default: 30s.')),
  maxOpen: z
    .optional(DurationSchema)
    .check(z.describe('Longest wait for a trial; each is twice the one before. Default: 10m.')),
});

const QueueSchema = z.strictObject({
  max: z
    .optional(countSchema(0, 100_000))
    .check(
      z.describe('Calls that may wait where a limit does not let them through; 0: none may. Default: 0.'),
    ),
  wait: z.optional(DurationSchema).check(z.describe('How long each may wait. Default: 10s.')),
});

const ConcurrencySchema = z.strictObject({
  adaptive: z
    .optional(z.boolean())
    .check(
      z.describe(
        'Whether the number of calls under way is found out by how fast they are answered. Default: false.',
      ),
    ),
  min: z.optional(countSchema(1, 100_000)).check(z.describe('Never fewer. Default: 1.')),
  max: z.optional(countSchema(1, 100_000)).check(z.describe('Never more. Default: 200.')),
  initial: z.optional(countSchema(1, 100_000)).check(z.describe('At first. Default: 10.')),
});

const ErrorBudgetSchema = z.strictObject({
  share: z
    .optional(z.number().check(z.minimum(0), z.maximum(0.99)))
    .check(z.describe('Share of the calls that may fail, such as 0.001; 0: any may. Default: 0.')),
  window: z.optional(DurationSchema).check(z.describe('Of the calls of so long a time. Default: 5m.')),
  minCalls: z.optional(countSchema(1, 1_000_000)).check(z.describe('Fewer calls say nothing. Default: 100.')),
  concurrency: z
    .optional(z.number().check(z.minimum(0.01), z.maximum(1)))
    .check(z.describe('Share of its limit of calls under way that is left while it is spent. Default: 0.5.')),
  hide: z
    .optional(z.boolean())
    .check(
      z.describe(
        'Whether tools, prompts and resources are hidden that have spent it themselves, until it is there again. Default: false.',
      ),
    ),
});

const CoalesceSchema = z.strictObject({
  followers: z
    .optional(countSchema(0, 10_000))
    .check(
      z.describe(
        'Requests that get the answer of an equal one under way; 0: each is run by itself. Default: 0.',
      ),
    ),
});

const FaultsSchema = z.strictObject({
  share: z
    .optional(z.number().check(z.minimum(0), z.maximum(1)))
    .check(z.describe('Share of the calls that are struck; 0: none. Default: 0.')),
  delay: z
    .optional(AnyDurationSchema)
    .check(z.describe('How long these are held up before they are sent. Default: 0s.')),
  end: z
    .optional(z.enum(['none', 'error', 'abort']))
    .check(
      z.describe(
        'What becomes of them then. none: they go on. error: they fail unsent. abort: they run, and their answer is lost. Default: none.',
      ),
    ),
});

const BatchSchema = z.strictObject({
  max: z
    .optional(countSchema(1, 100))
    .check(z.describe('Calls that are sent together; 1: each is sent by itself. Default: 1.')),
  window: z
    .optional(DurationSchema)
    .check(z.describe('How long the first of them waits for others. Default: 2ms.')),
});

const ServerSchema = z.string().check(z.minLength(1), z.maxLength(256));

const BalanceSchema = z.strictObject({
  strategy: z
    .optional(
      z.enum(['round-robin', 'least-latency', 'least-errors', 'least-cost', 'power-of-two', 'sticky']),
    )
    .check(z.describe('How one of a server and its replicas is chosen for a call. Default: round-robin.')),
  stickyBy: z
    .optional(z.enum(['session', 'user', 'name']))
    .check(
      z.describe(
        'Which calls go to the same replica with sticky: those of a session (of a user where there is none), of a user, or to one tool, prompt or resource. Default: session.',
      ),
    ),
});

const MirrorSchema = z.strictObject({
  to: ServerSchema.check(z.describe('Server that is sent the same calls; nobody hears its answers.')),
  share: z
    .optional(z.number().check(z.minimum(0), z.maximum(1)))
    .check(z.describe('Share of the calls that change nothing. Default: 1.')),
});

/** A server that is another one once more. */
export const ReplicaSchema = z.strictObject({
  of: ServerSchema.check(z.describe('The server whose calls it takes too; clients see that one alone.')),
  weight: z
    .optional(z.number().check(z.minimum(0.001), z.maximum(1_000)))
    .check(z.describe('Its part of the calls; that of the server is 1. Default: 1.')),
  canary: z
    .optional(z.number().check(z.minimum(0), z.maximum(0.999)))
    .check(z.describe('The share of all calls that it gets, in place of a part by weight.')),
});

/** How calls are routed: to all servers, and to one. */
export const RoutingSchema = z.strictObject({
  deadline: z
    .optional(AnyDurationSchema)
    .check(
      z.describe(
        'Longest time from the arrival of a request to its end, over all attempts; 0s: none. Default: 0s.',
      ),
    ),
  taskAfter: z
    .optional(AnyDurationSchema)
    .check(
      z.describe(
        'From the arrival of a call of a tool until its client gets a task in place of the answer, where it declares the tasks extension of revision 2026-07-28; 0s: never. Default: 0s.',
      ),
    ),
  trustHints: z
    .optional(z.boolean())
    .check(
      z.describe(
        'Whether what a tool says of itself (readOnlyHint, idempotentHint) decides if a call may be repeated. Default: false.',
      ),
    ),
  retry: z.optional(RetrySchema).check(z.describe('What is repeated, and how soon.')),
  hedge: z.optional(HedgeSchema).check(z.describe('Second attempts beside slow reads.')),
  breaker: z.optional(BreakerSchema).check(z.describe('When a tool that keeps failing is left alone.')),
  rate: z.optional(RateSchema).check(z.describe('Of all calls to a server. Default: none.')),
  capabilityRate: z
    .optional(RateSchema)
    .check(z.describe('Of calls to each of its tools, prompts and resources. Default: none.')),
  queue: z.optional(QueueSchema).check(z.describe('Where calls wait that a limit does not let through.')),
  concurrency: z
    .optional(ConcurrencySchema)
    .check(z.describe('How many calls of clients are under way, within limits.maxUpstreamInFlight.')),
  quota: z
    .optional(QuotaSchema)
    .check(z.describe('What calls of clients may use of a server in a time. Default: any amount.')),
  errorBudget: z
    .optional(ErrorBudgetSchema)
    .check(z.describe('How much may fail before calls are fewer and an alert is given.')),
  coalesce: z
    .optional(CoalesceSchema)
    .check(z.describe('Safe requests of one client that ask for the same at the same time.')),
  faults: z.optional(FaultsSchema).check(z.describe('Faults on purpose, to see what becomes of calls.')),
  batch: z
    .optional(BatchSchema)
    .check(z.describe('Calls that are sent together to servers that speak revision 2025-03-26.')),
  balance: z.optional(BalanceSchema).check(z.describe('How calls are spread over replicas.')),
  failover: z
    .optional(z.array(ServerSchema).check(z.maxLength(16)))
    .check(
      z.describe(
        'Servers that are asked, in order, for the tool, prompt or resource of the same name when the server and its replicas cannot be. Default: none.',
      ),
    ),
  fallback: z
    .optional(z.record(z.string(), z.string()))
    .check(
      z.describe(
        'What is called in place of a tool when nobody else can be asked: its name here, then "server.tool". Default: nothing.',
      ),
    ),
  mirror: z.optional(MirrorSchema).check(z.describe('What is sent to another server too.')),
  cost: z
    .optional(z.number().check(z.minimum(0), z.maximum(1_000_000)))
    .check(z.describe('What a call costs, in any unit, for balance.strategy least-cost. Default: 1.')),
});

type Block = z.output<typeof RoutingSchema>;

/** @param blocks - What is said for all servers, then what is said for one: the last word counts. */
export function routingOf(...blocks: readonly (Block | undefined)[]): RoutingSettings {
  return blocks.reduce<RoutingSettings>(
    (settings, block) => (block === undefined ? settings : withBlock(settings, block)),
    DEFAULT_ROUTING,
  );
}

export function replicaOf({ of, weight = 1, canary }: z.output<typeof ReplicaSchema>): ReplicaSettings {
  return { of: exposedServerName(of), weight, ...(canary !== undefined && { canary }) };
}

/** @returns `undefined` where none is set. */
export function rateOf(rate: z.output<typeof RateSchema> | undefined): RateSettings | undefined {
  if (rate === undefined) return undefined;
  return { perSecond: rate.rps, burst: rate.burst ?? Math.max(1, Math.ceil(rate.rps)) };
}

/** @returns `undefined` where none is set. */
export function quotaOf(quota: z.output<typeof QuotaSchema> | undefined): QuotaSettings | undefined {
  if (quota === undefined) return undefined;
  const { window: windowMs = DEFAULT_WINDOW_MS, calls, bytes, busy: busyMs } = quota;
  return {
    windowMs,
    ...(calls !== undefined && { calls }),
    ...(bytes !== undefined && { bytes }),
    ...(busyMs !== undefined && { busyMs }),
  };
}

function withBlock(
  settings: RoutingSettings,
  {
    deadline,
    taskAfter,
    trustHints,
    retry = {},
    hedge = {},
    breaker = {},
    queue = {},
    concurrency = {},
    errorBudget = {},
    coalesce = {},
    faults = {},
    batch = {},
    balance = {},
    ...rest
  }: Block,
): RoutingSettings {
  const rate = rateOf(rest.rate) ?? settings.rate;
  const capabilityRate = rateOf(rest.capabilityRate) ?? settings.capabilityRate;
  const quota = quotaOf(rest.quota) ?? settings.quota;
  const fallback = rest.fallback ?? settings.fallback;
  const mirror = mirrorOf(rest.mirror) ?? settings.mirror;
  return {
    deadlineMs: deadline ?? settings.deadlineMs,
    taskAfterMs: taskAfter ?? settings.taskAfterMs,
    trustsHints: trustHints ?? settings.trustsHints,
    retry: {
      attempts: retry.attempts ?? settings.retry.attempts,
      backoffMs: retry.backoff ?? settings.retry.backoffMs,
      factor: retry.factor ?? settings.retry.factor,
      maxBackoffMs: retry.maxBackoff ?? settings.retry.maxBackoffMs,
      budget: retry.budget ?? settings.retry.budget,
    },
    hedge: {
      quantile: hedge.quantile ?? settings.hedge.quantile,
      minDelayMs: hedge.minDelay ?? settings.hedge.minDelayMs,
    },
    breaker: {
      failures: breaker.failures ?? settings.breaker.failures,
      share: breaker.share ?? settings.breaker.share,
      calls: breaker.calls ?? settings.breaker.calls,
      openMs: breaker.open ?? settings.breaker.openMs,
      maxOpenMs: breaker.maxOpen ?? settings.breaker.maxOpenMs,
    },
    ...(rate !== undefined && { rate }),
    ...(capabilityRate !== undefined && { capabilityRate }),
    queue: {
      maxWaiting: queue.max ?? settings.queue.maxWaiting,
      maxWaitMs: queue.wait ?? settings.queue.maxWaitMs,
    },
    concurrency: {
      isAdaptive: concurrency.adaptive ?? settings.concurrency.isAdaptive,
      min: concurrency.min ?? settings.concurrency.min,
      max: concurrency.max ?? settings.concurrency.max,
      initial: concurrency.initial ?? settings.concurrency.initial,
    },
    ...(quota !== undefined && { quota }),
    errorBudget: {
      share: errorBudget.share ?? settings.errorBudget.share,
      windowMs: errorBudget.window ?? settings.errorBudget.windowMs,
      minCalls: errorBudget.minCalls ?? settings.errorBudget.minCalls,
      concurrency: errorBudget.concurrency ?? settings.errorBudget.concurrency,
      hides: errorBudget.hide ?? settings.errorBudget.hides,
    },
    coalesce: { followers: coalesce.followers ?? settings.coalesce.followers },
    faults: {
      share: faults.share ?? settings.faults.share,
      delayMs: faults.delay ?? settings.faults.delayMs,
      end: faults.end ?? settings.faults.end,
    },
    batch: {
      maxCalls: batch.max ?? settings.batch.maxCalls,
      windowMs: batch.window ?? settings.batch.windowMs,
    },
    balance: {
      strategy: balance.strategy ?? settings.balance.strategy,
      stickyBy: balance.stickyBy ?? settings.balance.stickyBy,
    },
    failover: rest.failover?.map(exposedServerName) ?? settings.failover,
    ...(fallback !== undefined && { fallback }),
    ...(mirror !== undefined && { mirror }),
    cost: rest.cost ?? settings.cost,
  };
}

function mirrorOf(mirror: z.output<typeof MirrorSchema> | undefined): RoutingSettings['mirror'] {
  return mirror && { to: exposedServerName(mirror.to), share: mirror.share ?? 1 };
}
