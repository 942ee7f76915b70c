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
import { CallAttempts, type CallAttemptsOptions } from '../repeat/call-attempts.ts';
import type { CallFacts } from '../repeat/call-safety.ts';
import { hedgeDelayMs } from '../repeat/hedge.ts';
import { LatencyQuantile } from '../repeat/latency-quantile.ts';
import { mayRepeat, type RepeatReason } from '../repeat/may-repeat.ts';
import { RepeatBudget } from '../repeat/repeat-budget.ts';
import { repeatDelayMs, retryAfterMsOf } from '../repeat/repeat-delay.ts';
import { startWaitMs } from '../repeat/start-wait.ts';
import { isCall, keyOf } from './called.ts';
import { KeptState } from './kept-state.ts';

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
class UpstreamRepeats implements CallAttemptsOptions {
  readonly spec: UpstreamSpec;
  readonly repeats: RepeatBudget;
  readonly hedges: RepeatBudget | undefined;
  readonly #latencies = new Map<string, LatencyQuantile>();

  constructor(spec: UpstreamSpec, clock: Clock) {
    const { retry, hedge } = spec.routing ?? DEFAULT_ROUTING;
    this.spec = spec;
    this.repeats = new RepeatBudget({ share: retry.budget, clock });
    this.hedges =
      hedge.quantile === 0
        ? undefined
        : new RepeatBudget({ share: HEDGE_SHARE, minPerSecond: HEDGES_PER_SECOND, clock });
  }

  /** In force now. */
  get routing(): RoutingSettings {
    return this.spec.routing ?? DEFAULT_ROUTING;
  }

  get maxAttempts(): number {
    return this.routing.retry.attempts;
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
  const known = new KeptState<UpstreamRepeats>({
    settingsOf: ({ retry, hedge }) => [retry.budget, hedge.quantile === 0],
    create: (spec) => new UpstreamRepeats(spec, clock),
  });
  return (request, next) => {
    const [upstream = ''] = request.upstreams;
    const spec = specOf(upstream);
    // guard: repeat/pinned
    if (spec === undefined || request.isPinned) return next;
    if (!isCall(request.context.message.method)) return next;
    const shared = known.of(spec);
    if (shared.maxAttempts === 1) return next;
    const policy = new RequestRepeats(options, request, shared);
    return (reply) => new RepeatedRequest({ run: next, policy, clock }, reply).begin();
  };
}

/** The decisions about one request. */
class RequestRepeats implements AttemptPolicy {
  readonly isTimed: boolean;
  readonly #options: RequestRepeatsOptions;
  readonly #request: RoutedRequest;
  readonly #shared: UpstreamRepeats;
  readonly #attempts: CallAttempts;

  constructor(options: RequestRepeatsOptions, request: RoutedRequest, shared: UpstreamRepeats) {
    this.isTimed = shared.hedges !== undefined;
    this.#options = options;
    this.#request = request;
    this.#shared = shared;
    this.#attempts = new CallAttempts(shared, request.arrivedMs);
  }

  repeatAfterMs(outcome: Extract<Outcome, { kind: 'error' }>): Millis | undefined {
    const { error, phase = 'not-sent' } = outcome;
    const leftMs = this.#leftMs();
    const { spec, routing } = this.#shared;
    const facts = this.#facts();
    const { stepsMs } = (spec.lifecycle ?? DEFAULT_LIFECYCLE).restart;
    const waitMs = startWaitMs(facts, error, { stepsMs, leftMs });
    const reason =
      waitMs > 0
        ? 'started'
        : mayRepeat({ ...facts, end: { kind: 'failure', error, phase }, isShown: false });
    if (reason === undefined) return undefined;
    const { backoffMs: baseMs, factor, maxBackoffMs: capMs } = routing.retry;
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
    if (this.#shared.hedges === undefined) return undefined;
    return hedgeDelayMs(
      { ...this.#facts(), hasProgressToken: this.#request.wantsProgress, latency: this.#latency() },
      this.#shared.routing.hedge,
    );
  }

  takeHedge(): boolean {
    const isTaken = this.#attempts.add('hedge');
    if (isTaken) this.#tell('slow');
    return isTaken;
  }

  onAnswer(afterMs: Millis): void {
    this.#latency().record(afterMs);
  }

  #facts(): CallFacts {
    const { context, hints } = this.#request;
    return {
      method: context.message.method,
      isTrusted: this.#shared.routing.trustsHints,
      ...(hints !== undefined && { hints }),
    };
  }

  #leftMs(): Millis {
    const { spec, routing } = this.#shared;
    const { deadlineMs } = routing;
    // Nobody waits for longer than that for a server that says nothing.
    const totalMs = deadlineMs === 0 ? spec.callTimeoutMs : deadlineMs;
    return totalMs - (this.#options.clock.monotonicMs() - this.#request.arrivedMs);
  }

  #latency(): LatencyQuantile {
    const { context, name = '' } = this.#request;
    return this.#shared.latencyOf(keyOf({ method: context.message.method, name }), this.#options.clock);
  }

  #tell(why: RepeatedAttempt['why']): void {
    const { name: upstream } = this.#shared.spec;
    this.#options.onRepeated?.({ request: this.#request, upstream, attempt: this.#attempts.made, why });
  }
}
