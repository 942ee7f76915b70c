import {
  type CallHandler,
  type CallStage,
  DeferredEnd,
  refusedCall,
  type RunningCall,
  type SendCall,
  type UpstreamCall,
} from '@omni/model';
import { type Clock, DEFAULT_ROUTING, GatewayError, OMNI, type UpstreamSpec } from '@omni/ports';
import { FairQueue, type QueueTicket } from '../queue/fair-queue.ts';
import { RateLimits, type RateRefusal } from '../rate/rate-limits.ts';
import { RateQueue } from '../rate/rate-queue.ts';
import type { TokenBuckets } from '../rate/token-buckets.ts';
import { calledOf, keyOf } from './called.ts';
import { rateLimited } from './rate-limited.ts';
import { bucketsOf } from './request-rates.ts';

export interface CallRatesOptions {
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>;
  /** Told of each call that is refused. */
  readonly onLimited?: (upstream: string, refusal: RateRefusal, call: UpstreamCall) => void;
}

/** The rates of one upstream. */
interface UpstreamRates {
  readonly capability: TokenBuckets | undefined;
  readonly limits: RateLimits;
  /** Where calls wait for a token of the upstream; absent where none may. */
  readonly queue: RateQueue | undefined;
}

/**
 * Limits how fast calls to an upstream, and to each of its tools, prompts and resources, come. Calls that are
 * too fast for the upstream wait for their turn where its settings let them, and are refused elsewhere
 * (S000-GRD-02).
 */
export function callRates({ clock, onLimited }: CallRatesOptions): CallStage {
  const known = new WeakMap<UpstreamSpec, UpstreamRates>();
  const ratesOf = (spec: UpstreamSpec): UpstreamRates => {
    let rates = known.get(spec);
    if (rates === undefined) known.set(spec, (rates = createRates(spec, clock)));
    return rates;
  };
  return (next, { spec }) => {
    const { rate, capabilityRate } = spec.routing ?? DEFAULT_ROUTING;
    if (rate === undefined && capabilityRate === undefined) return next;
    return (call, handler) => {
      const called = calledOf(call);
      if (called === undefined) return next(call, handler);
      const key = keyOf(called);
      const rates = ratesOf(spec);
      const refused = (refusal: RateRefusal): RunningCall => {
        onLimited?.(spec.name, refusal, call);
        return refusedCall(handler, rateLimited(refusal));
      };
      if (rates.queue === undefined) {
        const refusal = rates.limits.take({ upstream: spec.name, capability: key });
        // guard: rate/calls
        return refusal === undefined ? next(call, handler) : refused(refusal);
      }
      // Taken only when its turn has come: a call that gives up costs no token.
      const waitMs = rates.capability?.waitMs(key) ?? 0;
      if (waitMs > 0) return refused({ scope: 'capability', retryAfterMs: waitMs });
      const send: SendCall = (...sent) => {
        const lateMs = rates.capability?.take(key) ?? 0;
        return lateMs > 0 ? refused({ scope: 'capability', retryAfterMs: lateMs }) : next(...sent);
      };
      return new QueuedCall(send, call, handler).enter(rates.queue);
    };
  };
}

function createRates(spec: UpstreamSpec, clock: CallRatesOptions['clock']): UpstreamRates {
  const { rate, capabilityRate, queue } = spec.routing ?? DEFAULT_ROUTING;
  const upstream = rate === undefined ? undefined : bucketsOf(rate, clock);
  const capability = capabilityRate === undefined ? undefined : bucketsOf(capabilityRate, clock);
  return {
    capability,
    limits: new RateLimits({
      ...(upstream !== undefined && { upstream }),
      ...(capability !== undefined && { capability }),
    }),
    queue:
      upstream === undefined || queue.maxWaiting === 0
        ? undefined
        : new RateQueue({
            buckets: upstream,
            key: spec.name,
            queue: new FairQueue({
              maxCalls: queue.maxWaiting,
              maxWaitMs: queue.maxWaitMs,
              what: `calls that wait for "${spec.name}"`,
              setting: 'routing.queue.max',
              clock,
            }),
            clock,
          }),
  };
}

/** A call that waits for its turn, then runs. */
class QueuedCall implements RunningCall {
  readonly #next: SendCall;
  readonly #call: UpstreamCall;
  readonly #handler: CallHandler;
  #ticket: QueueTicket | undefined;
  #running: RunningCall | undefined;

  constructor(next: SendCall, call: UpstreamCall, handler: CallHandler) {
    this.#next = next;
    this.#call = call;
    this.#handler = handler;
  }

  enter(queue: RateQueue): RunningCall {
    const entered = queue.enter(this.#call.caller ?? OMNI, {
      onTurn: () => {
        this.#ticket = undefined;
        this.#running = this.#next(this.#call, this.#handler);
      },
      onRefused: (error) => {
        this.#ticket = undefined;
        this.#running = new DeferredEnd(() => this.#handler.onFailure(error, 'not-sent'));
      },
    });
    if (entered === undefined) return this.#next(this.#call, this.#handler);
    if (entered instanceof GatewayError) return refusedCall(this.#handler, entered);
    this.#ticket = entered;
    return this;
  }

  cancel(reason?: string): void {
    this.#ticket?.withdraw();
    this.#running?.cancel(reason);
  }
}
