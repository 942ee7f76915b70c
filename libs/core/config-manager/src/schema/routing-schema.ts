import { DEFAULT_ROUTING, type RateSettings, type RoutingSettings } from '@omni/ports';
import * as z from 'zod/mini';
import { countSchema, durationSchema } from './setting-schema.ts';

const DurationSchema = durationSchema({ allowZero: false });
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

/** How calls are routed: to all servers, and to one. */
export const RoutingSchema = z.strictObject({
  deadline: z
    .optional(AnyDurationSchema)
    .check(
      z.describe(
        'Longest time from the arrival of a request to its end, over all attempts; 0s: none. Default: 0s.',
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
});

type Block = z.output<typeof RoutingSchema>;

/** @param blocks - What is said for all servers, then what is said for one: the last word counts. */
export function routingOf(...blocks: readonly (Block | undefined)[]): RoutingSettings {
  return blocks.reduce<RoutingSettings>(
    (settings, block) => (block === undefined ? settings : withBlock(settings, block)),
    DEFAULT_ROUTING,
  );
}

/** @returns `undefined` where none is set. */
export function rateOf(rate: z.output<typeof RateSchema> | undefined): RateSettings | undefined {
  if (rate === undefined) return undefined;
  return { perSecond: rate.rps, burst: rate.burst ?? Math.max(1, Math.ceil(rate.rps)) };
}

function withBlock(
  settings: RoutingSettings,
  { deadline, trustHints, retry = {}, hedge = {}, breaker = {}, queue = {}, ...rates }: Block,
): RoutingSettings {
  const rate = rateOf(rates.rate) ?? settings.rate;
  const capabilityRate = rateOf(rates.capabilityRate) ?? settings.capabilityRate;
  return {
    deadlineMs: deadline ?? settings.deadlineMs,
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
      openMs: breaker.open ?? settings.breaker.openMs,
      maxOpenMs: breaker.maxOpen ?? settings.breaker.maxOpenMs,
    },
    ...(rate !== undefined && { rate }),
    ...(capabilityRate !== undefined && { capabilityRate }),
    queue: {
      maxWaiting: queue.max ?? settings.queue.maxWaiting,
      maxWaitMs: queue.wait ?? settings.queue.maxWaitMs,
    },
  };
}
