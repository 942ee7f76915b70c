import type { Outcome, RequestStage, RoutedRequest } from '@omni/model';
import {
  type Clock,
  DEFAULT_LIFECYCLE,
  DEFAULT_ROUTING,
  type Millis,
  type Random,
  type RoutingSettings,
  type UpstreamSpec,
} from '@omni/ports';
import { type AttemptPolicy, RepeatedRequest } from '../attempts/repeated-request.ts';
import { CallAttempts } from '../repeat/call-attempts.ts';
import type { CallFacts } from '../repeat/call-safety.ts';
import { hedgeDelayMs } from '../repeat/hedge.ts';
import { LatencyQuantile } from '../repeat/latency-quantile.ts';
import { mayRepeat, type RepeatReason } from '../repeat/may-repeat.ts';
import { RepeatBudget } from '../repeat/repeat-budget.ts';
import { repeatDelayMs, retryAfterMsOf } from '../repeat/repeat-delay.ts';
import { startWaitMs } from '../repeat/start-wait.ts';
import { isCall, keyOf } from './called.ts';

/** One more attempt of a request. */
export interface RepeatedAttempt {
  readonly request: RoutedRequest;
  readonly upstream: string;
  /** Which attempt it is: 2 or more. */
  readonly attempt: number;
  readonly why: RepeatReason | 'started' | 'slow';
}

export interface RequestRepeatsOptions {
  readonly specOf: (upstream: string) => UpstreamSpec | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly onRepeated?: (attempt: RepeatedAttempt) => void;
}

/** Of the calls to an upstream. */
const HEDGE_SHARE = 0.05;
/** Where there are few calls. */
const HEDGES_PER_SECOND = 0.1;
/** Tools, prompts and resources of an upstream whose latencies are known. */
const MAX_LATENCIES = 1_000;

/** What the requests to one upstream share. */
class UpstreamRepeats {
  readonly repeats: RepeatBudget;
  readonly hedges: RepeatBudget;
  readonly #latencies = new Map<string, LatencyQuantile>();

  constructor({ retry }: RoutingSettings, clock: Clock) {
    this.repeats = new RepeatBudget({ share: retry.budget, clock });
    this.hedges = new RepeatBudget({ share: HEDGE_SHARE, minPerSecond: HEDGES_PER_SECOND, clock });
  }

  latencyOf(called: string, clock: Clock): LatencyQuantile {
    let latency = this.#latencies.get(called);
    if (latency !== undefined) return latency;
    const [oldest] = this.#latencies.keys();
    if (this.#latencies.size >= MAX_LATENCIES && oldest !== undefined) this.#latencies.delete(oldest);
    this.#latencies.set(called, (latency = new LatencyQuantile({ clock })));
    return latency;
  }
}

/**
 * Runs requests again that have failed, where that is known to be harmless, and slow reads beside themselves
 * (S003-RT-03, S003-RT-08).
 */
export function requestRepeats(options: RequestRepeatsOptions): RequestStage {
  const { specOf, clock } = options;
  const known = new WeakMap<UpstreamSpec, UpstreamRepeats>();
  return (request, next) => {
    const [upstream = ''] = request.upstreams;
    const spec = specOf(upstream);
    // guard: repeat/pinned
    if (spec === undefined || request.isPinned) return next;
    if (!isCall(request.context.message.method)) return next;
    const routing = spec.routing ?? DEFAULT_ROUTING;
    if (routing.retry.attempts === 1) return next;
    let shared = known.get(spec);
    if (shared === undefined) known.set(spec, (shared = new UpstreamRepeats(routing, clock)));
    const policy = new RequestRepeats(options, request, spec, shared);
    return (reply) => new RepeatedRequest({ run: next, policy, clock }, reply).begin();
  };
}

/** The decisions about one request. */
class RequestRepeats implements AttemptPolicy {
  readonly #options: RequestRepeatsOptions;
  readonly #request: RoutedRequest;
  readonly #spec: UpstreamSpec;
  readonly #routing: RoutingSettings;
  readonly #shared: UpstreamRepeats;
  readonly #attempts: CallAttempts;
  readonly #facts: CallFacts;

  constructor(
    options: RequestRepeatsOptions,
    request: RoutedRequest,
    spec: UpstreamSpec,
    shared: UpstreamRepeats,
  ) {
    this.#options = options;
    this.#request = request;
    this.#spec = spec;
    this.#routing = spec.routing ?? DEFAULT_ROUTING;
    this.#shared = shared;
    const { repeats, hedges } = shared;
    this.#attempts = new CallAttempts({ maxAttempts: this.#routing.retry.attempts, repeats, hedges });
    const { context, hints } = request;
    this.#facts = {
      method: context.message.method,
      isTrusted: this.#routing.trustsHints,
      ...(hints !== undefined && { hints }),
    };
  }

  repeatAfterMs(outcome: Extract<Outcome, { kind: 'error' }>): Millis | undefined {
    const { error, phase = 'not-sent' } = outcome;
    const leftMs = this.#leftMs();
    const { stepsMs } = (this.#spec.lifecycle ?? DEFAULT_LIFECYCLE).restart;
    const waitMs = startWaitMs(this.#facts, error, { stepsMs, leftMs });
    const reason =
      waitMs > 0
        ? 'started'
        : mayRepeat({ ...this.#facts, end: { kind: 'failure', error, phase }, isShown: false });
    if (reason === undefined) return undefined;
    const { backoffMs: baseMs, factor, maxBackoffMs: capMs } = this.#routing.retry;
    const { made: attempts } = this.#attempts;
    const { random } = this.#options;
    const delayMs =
      reason === 'started'
        ? waitMs
        : repeatDelayMs(
            { attempts, leftMs, retryAfterMs: retryAfterMsOf(error), random },
            { baseMs, factor, capMs },
          );
    if (delayMs === undefined || !this.#attempts.add('repeat')) return undefined;
    // The attempt has not run; what is cut while the next one waits has not, either.
    // guard: repeat/not-run
    if (reason !== 'safe') this.#request.context.wasSent = false;
    this.#tell(reason);
    return delayMs;
  }

  hedgeAfterMs(): Millis | undefined {
    const { quantile, minDelayMs } = this.#routing.hedge;
    if (quantile === 0) return undefined;
    return hedgeDelayMs(
      { ...this.#facts, hasProgressToken: this.#request.wantsProgress, latency: this.#latency() },
      { quantile, minDelayMs },
    );
  }

  takeHedge(): boolean {
    const isTaken = this.#attempts.add('hedge');
    if (isTaken) this.#tell('slow');
    return isTaken;
  }

  onAnswer(afterMs: Millis): void {
    if (this.#routing.hedge.quantile > 0) this.#latency().record(afterMs);
  }

  #leftMs(): Millis {
    const { deadlineMs } = this.#routing;
    // Nobody waits for longer than that for a server that says nothing.
    const totalMs = deadlineMs === 0 ? this.#spec.callTimeoutMs : deadlineMs;
    return totalMs - (this.#options.clock.monotonicMs() - this.#request.arrivedMs);
  }

  #latency(): LatencyQuantile {
    const { method } = this.#facts;
    return this.#shared.latencyOf(keyOf({ method, name: this.#request.name ?? '' }), this.#options.clock);
  }

  #tell(why: RepeatedAttempt['why']): void {
    const { name: upstream } = this.#spec;
    this.#options.onRepeated?.({ request: this.#request, upstream, attempt: this.#attempts.made, why });
  }
}
