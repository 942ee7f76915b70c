import { DEFAULT_LIFECYCLE, type LifecycleSettings } from '@omni/ports';
import * as z from 'zod/mini';
import { countSchema, durationSchema, timeSchema } from './setting-schema.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const DurationSchema = durationSchema({ allowZero: false });
const AnyDurationSchema = durationSchema({ allowZero: true });

/** By the names of the seed (S001-CB-07); whoever sets nothing has the defaults. */
const CircuitBreakerSchema = z.strictObject({
  failure_threshold: z
    .optional(countSchema(1, 1_000))
    .check(
      z.describe(
        'Failed attempts in a row that open the circuit: attempts wait longer then. Never more than there are restart.steps. Default: 5.',
      ),
    ),
  recovery_timeout: z
    .optional(timeSchema({ unitMs: SECOND_MS, unit: 'seconds', allowZero: false }))
    .check(z.describe('From the opening to the first trial: seconds, or a duration. Default: 30.')),
  max_timeout: z
    .optional(timeSchema({ unitMs: SECOND_MS, unit: 'seconds', allowZero: false }))
    .check(z.describe('Longest wait for a trial: seconds, or a duration. Default: 600.')),
  backoff_multiplier: z
    .optional(z.number().check(z.minimum(1), z.maximum(100)))
    .check(z.describe('What each further wait for a trial is multiplied with. Default: 2.')),
  disable_after_minutes: z
    .optional(timeSchema({ unitMs: MINUTE_MS, unit: 'minutes', allowZero: true }))
    .check(
      z.describe(
        'Downtime after which the server is disabled: minutes, or a duration; 0: never. Time in which it waits for a login, or Omni does not run, does not count. Default: 30.',
      ),
    ),
  disable_after_cycles: z
    .optional(countSchema(0, 1_000))
    .check(
      z.describe('Trials that fail in a row after which it is disabled, too; 0: any number may. Default: 0.'),
    ),
});

const RestartSchema = z.strictObject({
  steps: z
    .optional(z.array(DurationSchema).check(z.maxLength(32)))
    .check(
      z.describe(
        'Waits before attempts to start it again. None: each waits for circuit_breaker.recovery_timeout. Default: 500ms, 1s, 2s, 5s, 10s.',
      ),
    ),
  jitter: z
    .optional(z.number().check(z.minimum(0), z.maximum(1)))
    .check(z.describe('Largest share of a wait that chance adds to it. Default: 0.1.')),
  stable: z
    .optional(DurationSchema)
    .check(
      z.describe('A time without a fall after which the next wait is the first one again. Default: 5m.'),
    ),
  flapFalls: z
    .optional(countSchema(2, 1_000))
    .check(z.describe('Falls within that time that open the circuit. Default: 6.')),
});

const HealthSchema = z.strictObject({
  interval: z
    .optional(AnyDurationSchema)
    .check(z.describe('From one probe to the next, a tenth more or less by chance; 0s: none. Default: 30s.')),
  timeout: z.optional(DurationSchema).check(z.describe('Longest wait for its answer. Default: 5s.')),
  confirm: z
    .optional(DurationSchema)
    .check(z.describe('From a probe that was not answered to the next. Default: 5s.')),
  softMisses: z
    .optional(countSchema(1, 1_000))
    .check(
      z.describe(
        'Probes in a row without an answer after which it counts as disconnected, unless a call is under way. Default: 3.',
      ),
    ),
  grace: z
    .optional(AnyDurationSchema)
    .check(
      z.describe('After its start a probe without an answer only degrades, for this long. Default: 30s.'),
    ),
});

/** When servers are tried again, and when no more: for all, and of one server. */
export const LIFECYCLE_SHAPE = {
  circuit_breaker: CircuitBreakerSchema,
  restart: RestartSchema,
  health: HealthSchema,
} as const;

type Blocks = {
  readonly [Block in keyof typeof LIFECYCLE_SHAPE]?: z.output<(typeof LIFECYCLE_SHAPE)[Block]> | undefined;
};

/** @param blocks - What is said for all servers, then what is said for one: the last word counts. */
export function lifecycleOf(...blocks: readonly Blocks[]): LifecycleSettings {
  return blocks.reduce(withBlocks, DEFAULT_LIFECYCLE);
}

function withBlocks(
  { breaker, restart, probe }: LifecycleSettings,
  { circuit_breaker: circuit = {}, restart: own = {}, health = {} }: Blocks,
): LifecycleSettings {
  return {
    breaker: {
      failureThreshold: circuit.failure_threshold ?? breaker.failureThreshold,
      recoveryTimeoutMs: circuit.recovery_timeout ?? breaker.recoveryTimeoutMs,
      maxTimeoutMs: circuit.max_timeout ?? breaker.maxTimeoutMs,
      backoffMultiplier: circuit.backoff_multiplier ?? breaker.backoffMultiplier,
      disableAfterMs: circuit.disable_after_minutes ?? breaker.disableAfterMs,
      disableAfterCycles: circuit.disable_after_cycles ?? breaker.disableAfterCycles,
    },
    restart: {
      stepsMs: own.steps ?? restart.stepsMs,
      jitter: own.jitter ?? restart.jitter,
      stableMs: own.stable ?? restart.stableMs,
      flapFalls: own.flapFalls ?? restart.flapFalls,
    },
    probe: {
      intervalMs: health.interval ?? probe.intervalMs,
      jitter: probe.jitter,
      timeoutMs: health.timeout ?? probe.timeoutMs,
      confirmMs: health.confirm ?? probe.confirmMs,
      softMisses: health.softMisses ?? probe.softMisses,
      graceMs: health.grace ?? probe.graceMs,
    },
  };
}
