import { type CallStage, refusedCall } from '@omni/model';
import { type Clock, DEFAULT_ROUTING, GatewayError, type Random, type UpstreamSpec } from '@omni/ports';
import { type BreakerPermit, type BreakerState, CircuitBreaker } from '../breaker/circuit-breaker.ts';
import type { TripRule } from '../breaker/trip-rule.ts';
import { type CallEnd, whoseFailure } from '../breaker/whose-failure.ts';
import { type Called, calledOf, keyOf } from './called.ts';
import { JudgedCall } from './judged-call.ts';

export interface CapabilityBreakersOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly random: Random;
  /** Told each change. */
  readonly onChange?: (upstream: string, called: Called, state: BreakerState) => void;
  /** Told why, of what has just opened: calls that wait for it need not wait. */
  readonly onOpened?: (spec: UpstreamSpec, key: string, error: GatewayError) => void;
}

/** What a call was let through by; nothing where there was no breaker. */
interface Admitted {
  readonly breaker: CircuitBreaker | undefined;
  readonly permit: BreakerPermit | undefined;
}

/** Breakers of one upstream at the same time; one that is closed is forgotten first. */
const MAX_BREAKERS = 1_000;

/**
 * Keeps calls away from a tool, prompt or resource that has failed several times in a row, while the others
 * of its server go on (S003-RT-02).
 *
 * A breaker exists from a failure to the next success: what works costs nothing.
 */
export class CapabilityBreakers {
  readonly #options: CapabilityBreakersOptions;
  readonly #known = new WeakMap<UpstreamSpec, Map<string, CircuitBreaker>>();
  /** What ended several calls at the same time, such as an exit, and whose calls. */
  readonly #counted = new WeakMap<GatewayError, Set<string>>();

  constructor(options: CapabilityBreakersOptions) {
    this.#options = options;
  }

  /** Refuses calls to what is left alone, before they wait for anything. */
  readonly refusing: CallStage = (next, { spec }) => {
    if (neverOpens(spec)) return next;
    return (call, handler) => {
      const breakers = this.#known.get(spec);
      if (breakers === undefined || breakers.size === 0) return next(call, handler);
      const called = calledOf(call);
      const breaker = called && breakers.get(keyOf(called));
      // guard: breaker/refused-early
      if (called === undefined || breaker?.state !== 'open') return next(call, handler);
      return refusedCall(handler, circuitOpen(called, breaker));
    };
  };

  /** Decides about calls that are about to be sent, and counts how they end. */
  readonly judging: CallStage = (next, { spec }) => {
    if (neverOpens(spec)) return next;
    return (call, handler) => {
      const called = calledOf(call);
      if (called === undefined) return next(call, handler);
      const breaker = this.#known.get(spec)?.get(keyOf(called));
      const permit = breaker?.admit();
      // guard: breaker/capability
      if (breaker !== undefined && permit === undefined)
        return refusedCall(handler, circuitOpen(called, breaker));
      return new JudgedCall(handler, (end) => this.#onEnd(spec, called, { breaker, permit }, end)).begin(
        next,
        call,
      );
    };
  };

  #onEnd(spec: UpstreamSpec, called: Called, { breaker, permit }: Admitted, end: CallEnd): void {
    const whose = whoseFailure(end);
    const breakers = this.#known.get(spec);
    // What works, of a server whose tools all do, has nothing to be told.
    if (whose !== 'upstream' && (breakers === undefined || breakers.size === 0)) return;
    const key = keyOf(called);
    const culprit = whose === 'upstream' && this.#isCounted(end, key) ? 'omni' : whose;
    // One that was forgotten meanwhile is nobody's.
    if (permit !== undefined && /* guard: breaker/forgotten */ breakers?.get(key) === breaker)
      permit.settle(culprit);
    else if (culprit === 'upstream') this.#count(spec, called, key);
    // One success ends a row; of a share it is a part.
    const isRow = (spec.routing ?? DEFAULT_ROUTING).breaker.share === 0;
    if (isRow && culprit === 'nobody' && breakers?.get(key)?.state === 'closed') breakers.delete(key);
  }

  /** A failure of a call that no breaker knew of; an open one has its trials. */
  #count(spec: UpstreamSpec, called: Called, key: string): void {
    const breaker = this.#breakerOf(spec, called, key);
    if (/* guard: breaker/late-failure */ breaker.state === 'closed') breaker.admit()?.settle('upstream');
  }

  /** One crash of a server is one failure of a tool, however many of its calls it ends. */
  #isCounted(end: CallEnd, key: string): boolean {
    if (end.kind !== 'failure') return false;
    let keys = this.#counted.get(end.error);
    if (keys === undefined) this.#counted.set(end.error, (keys = new Set()));
    // guard: breaker/one-crash
    if (keys.has(key)) return true;
    keys.add(key);
    return false;
  }

  #breakerOf(spec: UpstreamSpec, called: Called, key: string): CircuitBreaker {
    let breakers = this.#known.get(spec);
    if (breakers === undefined) this.#known.set(spec, (breakers = new Map()));
    const known = breakers.get(key);
    if (known !== undefined) return known;
    // guard: breaker/bounded
    if (breakers.size >= MAX_BREAKERS) forgetOne(breakers);
    const { openMs, maxOpenMs } = (spec.routing ?? DEFAULT_ROUTING).breaker;
    const { clock, random, onChange, onOpened } = this.#options;
    const opened = new CircuitBreaker({
      tripRule: tripRuleOf(spec),
      firstWaitMs: openMs,
      maxWaitMs: maxOpenMs,
      onChange: (state) => {
        onChange?.(spec.name, called, state);
        if (state === 'open') onOpened?.(spec, key, circuitOpen(called, opened));
      },
      clock,
      random,
    });
    breakers.set(key, opened);
    return opened;
  }
}

function tripRuleOf({ routing = DEFAULT_ROUTING }: UpstreamSpec): TripRule {
  const { failures, share, calls } = routing.breaker;
  return share > 0
    ? { kind: 'share', share, calls, minCalls: calls }
    : { kind: 'consecutive', failures };
}

function neverOpens({ routing = DEFAULT_ROUTING }: UpstreamSpec): boolean {
  return routing.breaker.failures === 0 && routing.breaker.share === 0;
}

function forgetOne(breakers: Map<string, CircuitBreaker>): void {
  let [forgotten] = breakers.keys();
  for (const [key, { state }] of breakers) {
    if (state !== 'closed') continue;
    forgotten = key;
    break;
  }
  if (forgotten !== undefined) breakers.delete(forgotten);
}

function circuitOpen({ method, name }: Called, { retryAfterMs }: CircuitBreaker): GatewayError {
  const what = name === '' ? method : `"${name}"`;
  return new GatewayError('OMNI_CIRCUIT_OPEN', `${what} has failed several times in a row`, {
    retryAfterS: Math.max(1, Math.ceil(retryAfterMs / 1_000)),
  });
}
