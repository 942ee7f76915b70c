import {
  type CallStage,
  type Destination,
  NOTHING_RUNS,
  refusedCall,
  type ReplySink,
  type RequestStage,
  type RoutedRequest,
  type RunningCall,
  type UpstreamCall,
} from '@omni/model';
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
    // What goes on with something has begun before.
    if (this.#options.overrides.isEmpty || /* guard: overrides/pinned */ request.isPinned) return next;
    const refusal = this.#refusalAt(request.upstreams, request, request.name, request.upstreams);
    return refusal === undefined ? next : (reply) => refused(reply, refusal);
  };

  /** The same of the servers that are asked in place of those that the name leads to. */
  readonly destination: RequestStage = (request, next) => {
    if (this.#options.overrides.isEmpty || request.isPinned) return next;
    return (reply, to) => {
      const refusal = to && /* guard: overrides/destination */ this.#refusalOf(request, to);
      return refusal === undefined ? next(reply, to) : refused(reply, refusal);
    };
  };

  #refusalOf(request: RoutedRequest, to: Destination): GatewayError | undefined {
    if (to.kind === 'replicas')
      return this.#refusalAt(to.upstreams, request, request.name, request.upstreams);
    const servers = to.upstream === to.server ? [to.server] : [to.server, to.upstream];
    return this.#refusalAt(
      servers,
      request,
      to.name,
      servers.map(() => to.server),
    );
  }

  /**
   * @param name - As the servers call it; nothing is known of a tool of another name.
   * @param trusted - Whose word counts for each of them.
   */
  #refusalAt(
    upstreams: readonly string[],
    { context, hints, name: own }: RoutedRequest,
    name: string | undefined,
    trusted: readonly string[],
  ): GatewayError | undefined {
    const { overrides, specOf } = this.#options;
    const { method } = context.message;
    for (const [index, upstream] of upstreams.entries()) {
      const inForce = overrides.of(upstream)?.('read-only', { method, name: name ?? '' });
      if (inForce === undefined || ABOUT_WHAT_RUNS.test(method)) continue;
      const { trustsHints: isTrusted } = specOf(trusted[index] ?? upstream)?.routing ?? DEFAULT_ROUTING;
      const known = name === own ? hints : undefined;
      // guard: overrides/read-only
      if (!isReadOnly({ method, isTrusted, ...(known !== undefined && { hints: known }) }))
        return readOnly(upstream);
    }
    return undefined;
  }

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

function refused(reply: ReplySink, error: GatewayError): RunningCall {
  reply.settle({ kind: 'error', error, phase: 'not-sent' });
  return NOTHING_RUNS;
}

function readOnly(upstream: string): GatewayError {
  return new GatewayError('OMNI_OVERRIDDEN', `"${upstream}" takes only calls that change nothing, for now`, {
    data: { override: 'read-only' },
  });
}

/** What calls fail with whose breaker an operator holds open. */
export function heldOpen(upstream: string): GatewayError {
  return new GatewayError('OMNI_OVERRIDDEN', `Calls are kept away from "${upstream}", for now`, {
    data: { override: 'breaker' },
  });
}
