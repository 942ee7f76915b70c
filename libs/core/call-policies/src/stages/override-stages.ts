import { type CallStage, NOTHING_RUNS, refusedCall, type RequestStage, type UpstreamCall } from '@omni/model';
import { type Clock, DEFAULT_ROUTING, GatewayError, type RateSettings, type UpstreamSpec } from '@omni/ports';
import type { OverrideInForce, Overrides } from '../overrides/overrides.ts';
import type { TokenBuckets } from '../rate/token-buckets.ts';
import { isReadOnly } from '../repeat/call-safety.ts';
import { calledOf } from './called.ts';
import { type LimitReached, rateLimited } from './rate-limited.ts';
import { bucketsOf } from './request-rates.ts';

export interface OverrideStagesOptions {
  readonly overrides: Pick<Overrides, 'of' | 'list' | 'isEmpty'>;
  readonly specOf: (upstream: string) => UpstreamSpec | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Told of each call that a throttle refuses. */
  readonly onLimited?: (upstream: string, limit: LimitReached, call: UpstreamCall) => void;
}

/** Methods that end something, or that say how something goes. */
const ABOUT_WHAT_RUNS = /^(?:tasks\/|logging\/)/;

/** What overrides refuse, before anything else is done for a request or a call. */
export class OverrideStages {
  readonly #options: OverrideStagesOptions;
  /** For as long as the rate is in force: it is the key. */
  readonly #buckets = new WeakMap<RateSettings, TokenBuckets>();

  constructor(options: OverrideStagesOptions) {
    this.#options = options;
  }

  /** Read-only: what may change something is refused. */
  readonly request: RequestStage = (request, next) => {
    const { upstreams, context, name = '', hints, isPinned } = request;
    const { overrides, specOf } = this.#options;
    // What goes on with something has begun before.
    if (overrides.isEmpty || /* guard: overrides/pinned */ isPinned) return next;
    const { method } = context.message;
    for (const upstream of upstreams) {
      const inForce = overrides.of(upstream)?.('read-only', { method, name });
      if (inForce === undefined || ABOUT_WHAT_RUNS.test(method)) continue;
      const { trustsHints: isTrusted } = specOf(upstream)?.routing ?? DEFAULT_ROUTING;
      // guard: overrides/read-only
      if (!isReadOnly({ method, isTrusted, ...(hints !== undefined && { hints }) }))
        return (reply) => {
          reply.settle({ kind: 'error', error: readOnly(upstream), phase: 'not-sent' });
          return NOTHING_RUNS;
        };
    }
    return next;
  };

  /** A breaker that is held open, and a throttle. */
  readonly call: CallStage = (next, { upstream }) => {
    const { overrides } = this.#options;
    if (!overrides.list(upstream).some(concernsCalls)) return next;
    return (call, handler) => {
      const called = calledOf(call);
      const find = overrides.of(upstream);
      if (called === undefined || find === undefined) return next(call, handler);
      // guard: overrides/open
      if (find('breaker', called)?.state === 'open') return refusedCall(handler, heldOpen(upstream));
      const rate = find('throttle', called)?.rate;
      const waitMs = rate === undefined ? 0 : this.#bucketsOf(rate).take(upstream);
      if (/* guard: overrides/throttle */ waitMs === 0) return next(call, handler);
      const limit = { scope: 'override', retryAfterMs: waitMs } as const;
      this.#options.onLimited?.(upstream, limit, call);
      return refusedCall(handler, rateLimited(limit));
    };
  };

  #bucketsOf(rate: RateSettings): TokenBuckets {
    let buckets = this.#buckets.get(rate);
    if (buckets === undefined) this.#buckets.set(rate, (buckets = bucketsOf(rate, this.#options.clock)));
    return buckets;
  }
}

function concernsCalls({ override }: OverrideInForce): boolean {
  return override.kind === 'throttle' || override.kind === 'breaker';
}

function readOnly(upstream: string): GatewayError {
  return new GatewayError('OMNI_OVERRIDDEN', `"${upstream}" takes only calls that change nothing, for now`, {
    data: { override: 'read-only' },
  });
}

function heldOpen(upstream: string): GatewayError {
  return new GatewayError('OMNI_OVERRIDDEN', `Calls are kept away from "${upstream}", for now`, {
    data: { override: 'breaker' },
  });
}
