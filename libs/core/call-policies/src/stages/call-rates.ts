import { type CallStage, refusedCall, type RunningCall, type UpstreamCall } from '@omni/model';
import { type Clock, DEFAULT_ROUTING, OMNI, type UpstreamSpec } from '@omni/ports';
import type { CallQueues, UpstreamQueues } from '../queue/call-queues.ts';
import { WaitingCall } from '../queue/waiting-call.ts';
import { RateLimits, type RateRefusal } from '../rate/rate-limits.ts';
import { RateQueue } from '../rate/rate-queue.ts';
import type { TokenBuckets } from '../rate/token-buckets.ts';
import { calledOf, keyOf } from './called.ts';
import { KeptState } from './kept-state.ts';
import { rateLimited } from './rate-limited.ts';
import { bucketsOf } from './request-rates.ts';

export interface CallRatesOptions {
  /** Where calls wait. */
  readonly queues: CallQueues;
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>;
  /** Told of each call that is refused. */
  readonly onLimited?: (upstream: string, refusal: RateRefusal, call: UpstreamCall) => void;
}

/** The rates of one upstream. */
interface UpstreamRates {
  readonly capability: TokenBuckets | undefined;
  readonly limits: RateLimits;
  /** Where calls wait for a token of the upstream; absent where none may. */
  readonly waiting: { readonly queue: RateQueue; readonly queues: UpstreamQueues } | undefined;
}

/**
 * Limits how fast calls to an upstream, and to each of its tools, prompts and resources, come. Calls that are
 * too fast for the upstream wait for their turn where its settings let them, and are refused elsewhere
 * (S000-GRD-02).
 */
export function callRates({ queues, clock, onLimited }: CallRatesOptions): CallStage {
  const known = new KeptState<UpstreamRates>({
    settingsOf: ({ rate, capabilityRate, queue }) => [rate ?? null, capabilityRate ?? null, queue],
    create: (spec) => createRates(spec, queues.of(spec), clock),
  });
  return (next, { spec, held }) => {
    const { rate, capabilityRate } = spec.routing ?? DEFAULT_ROUTING;
    if (rate === undefined && capabilityRate === undefined) return next;
    return (call, handler) => {
      const called = calledOf(call);
      if (called === undefined) return next(call, handler);
      const key = keyOf(called);
      const rates = known.of(spec);
      const { waiting } = rates;
      const refused = (refusal: RateRefusal): RunningCall => {
        onLimited?.(spec.name, refusal, call);
        return refusedCall(handler, rateLimited(refusal));
      };
      if (waiting === undefined) {
        const refusal = rates.limits.take({ upstream: spec.name, capability: key });
        // guard: rate/calls
        return refusal === undefined ? next(call, handler) : refused(refusal);
      }
      // Taken only when its turn has come: a call that gives up costs no token.
      const waitMs = rates.capability?.waitMs(key) ?? 0;
      if (waitMs > 0) return refused({ scope: 'capability', retryAfterMs: waitMs });
      const run = (): RunningCall => {
        const lateMs = rates.capability?.take(key) ?? 0;
        if (lateMs === 0) return next(call, handler);
        // guard: rate/token-back
        waiting.queue.giveBack();
        return refused({ scope: 'capability', retryAfterMs: lateMs });
      };
      if (waiting.queue.takeNow()) return run();
      return new WaitingCall(call, handler, run, held).enter((waiter) =>
        waiting.queue.join(call.caller ?? OMNI, waiter, waiting.queues.waitMs(call)),
      );
    };
  };
}

function createRates(
  spec: UpstreamSpec,
  queues: UpstreamQueues | undefined,
  clock: CallRatesOptions['clock'],
): UpstreamRates {
  const { rate, capabilityRate } = spec.routing ?? DEFAULT_ROUTING;
  const upstream = rate === undefined ? undefined : bucketsOf(rate, clock);
  const capability = capabilityRate === undefined ? undefined : bucketsOf(capabilityRate, clock);
  return {
    capability,
    limits: new RateLimits({
      ...(upstream !== undefined && { upstream }),
      ...(capability !== undefined && { capability }),
    }),
    waiting:
      upstream === undefined || queues === undefined
        ? undefined
        : {
            queue: new RateQueue({ buckets: upstream, key: spec.name, queue: queues.open(), clock }),
            queues,
          },
  };
}
