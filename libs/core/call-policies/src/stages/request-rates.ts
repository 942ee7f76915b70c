import { type CallContext, type DispatchStage, NOTHING_RUNS } from '@omni/model';
import { type Clock, type RateSettings, sharerOf } from '@omni/ports';
import { RateLimits, type RateRefusal } from '../rate/rate-limits.ts';
import { TokenBuckets } from '../rate/token-buckets.ts';
import { rateLimited } from './rate-limited.ts';

export interface RequestRatesOptions {
  /** Of each principal. Absent: none. */
  readonly user?: RateSettings | undefined;
  /** Of each session or connection; of a principal where there is none. Absent: none. */
  readonly session?: RateSettings | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Told of each request that is refused. */
  readonly onLimited?: (refusal: RateRefusal, context: CallContext) => void;
}

/**
 * Limits how fast the requests of a principal and of a session come, before anything else is done for them
 * (R-30).
 */
export function requestRates({ user, session, clock, onLimited }: RequestRatesOptions): DispatchStage {
  if (user === undefined && session === undefined) return (next) => next;
  const limits = new RateLimits({
    ...(user !== undefined && { principal: bucketsOf(user, clock) }),
    ...(session !== undefined && { session: bucketsOf(session, clock) }),
  });
  return (next) => (context, reply) => {
    const { principal, session: own } = context.client;
    // With auth.mode open each connection is a user, as for every limit.
    const user = sharerOf(principal);
    const refusal = limits.take({ principal: user, session: own?.key ?? user });
    // guard: rate/requests
    if (refusal === undefined) return next(context, reply);
    onLimited?.(refusal, context);
    reply.settle({ kind: 'refused', error: rateLimited(refusal) });
    return NOTHING_RUNS;
  };
}

export function bucketsOf(
  { perSecond, burst }: RateSettings,
  clock: Pick<Clock, 'monotonicMs'>,
): TokenBuckets {
  return new TokenBuckets({ rps: perSecond, burst, clock });
}
