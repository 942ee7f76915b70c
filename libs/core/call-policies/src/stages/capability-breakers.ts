import { type CallStage, refusedCall } from '@omni/model';
import { type Clock, DEFAULT_ROUTING, GatewayError, type Random, type UpstreamSpec } from '@omni/ports';
import { type BreakerPermit, type BreakerState, CircuitBreaker } from '../breaker/circuit-breaker.ts';
import type { TripRule } from '../breaker/trip-rule.ts';
import { type CallEnd, whoseFailure } from '../breaker/whose-failure.ts';
import type { Overrides, OverridesOf } from '../overrides/overrides.ts';
import { type Called, calledOf, keyOf } from './called.ts';
import { KeptState } from './kept-state.ts';
import { JudgedCall } from './judged-call.ts';

export interface CapabilityBreakersOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly random: Random;
  /** What holds some of them closed: those neither refuse nor count. Default: nothing does. */
  readonly overrides?: Pick<Overrides, 'of'>;
  /** Told each change. */
  readonly onChange?: (upstream: string, called: Called, state: BreakerState) => void;
  /** Told why, of what has just opened: calls that wait for it need not wait. */
  readonly onOpened?: (spec: UpstreamSpec, key: string, error: GatewayError) => void;
}

/** What a call was let through by; nothing where there was no breaker. */
interface Admitted {
  /** Of the calls, in their order. */
  readonly number: number;
  readonly known: KnownBreaker | undefined;
  readonly permit: BreakerPermit | undefined;
}

/** With what it is about. */
interface KnownBreaker {
  readonly called: Called;
  readonly breaker: CircuitBreaker;
  /** Number of the last call that was made before it closed again; 0 where it has never been open. */
  closedBehind: number;
  /** Monotonic: by then none of those calls runs any more. */
  keptUntilMs: number;
}

/** Breakers of one upstream at the same time; one that is closed is forgotten first. */
const MAX_BREAKERS = 1_000;

/**
 * Keeps calls away from a tool, prompt or resource that has failed several times in a row, while the others
 * of its server go on (S003-RT-02).
 *
 * A breaker exists from a failure to the next success: what works costs nothing. One that has been open is
 * kept for as long as a call from before may run, whose end is not held against the tool.
 */
export class CapabilityBreakers {
  readonly #options: CapabilityBreakersOptions;
  readonly #known: KeptState<Map<string, KnownBreaker>>;
  #calls = 0;
  /** What ended several calls at the same time, such as an exit, and whose calls. */
  readonly #counted = new WeakMap<GatewayError, Set<string>>();

  constructor(options: CapabilityBreakersOptions) {
    this.#options = options;
    this.#known = new KeptState({
      settingsOf: ({ breaker }) => breaker,
      create: () => new Map(),
      onReset: ({ name }, breakers) => {
        for (const { called, breaker } of breakers.values())
          if (breaker.state !== 'closed') options.onChange?.(name, called, 'closed');
      },
    });
  }

  /** Refuses calls to what is left alone, before they wait for anything. */
  readonly refusing: CallStage = (next, { spec }) => {
    if (neverOpens(spec)) return next;
    const held = this.#options.overrides?.of(spec.name);
    return (call, handler) => {
      const breakers = this.#known.find(spec);
      if (breakers === undefined || breakers.size === 0) return next(call, handler);
      const called = calledOf(call);
      const breaker = called && breakers.get(keyOf(called))?.breaker;
      // guard: breaker/refused-early
      if (called === undefined || breaker?.state !== 'open' || isHeldClosed(held, called))
        return next(call, handler);
      return refusedCall(handler, circuitOpen(called, breaker));
    };
  };

  /** Decides about calls that are about to be sent, and counts how they end. */
  readonly judging: CallStage = (next, { spec }) => {
    if (neverOpens(spec)) return next;
    const held = this.#options.overrides?.of(spec.name);
    return (call, handler) => {
      const called = calledOf(call);
      if (called === undefined || isHeldClosed(held, called)) return next(call, handler);
      const known = this.#known.find(spec)?.get(keyOf(called));
      const permit = known?.breaker.admit();
      // guard: breaker/capability
      if (known !== undefined && permit === undefined)
        return refusedCall(handler, circuitOpen(called, known.breaker));
      const admitted = { number: ++this.#calls, known, permit };
      return new JudgedCall(handler, (end) => this.#onEnd(spec, called, admitted, end)).begin(next, call);
    };
  };

  #onEnd(spec: UpstreamSpec, called: Called, { number, known, permit }: Admitted, end: CallEnd): void {
    const whose = whoseFailure(end);
    const breakers = this.#known.find(spec);
    // What works, of a server whose tools all do, has nothing to be told.
    if (whose !== 'upstream' && (breakers === undefined || breakers.size === 0)) return;
    const key = keyOf(called);
    const culprit = whose === 'upstream' && this.#isCounted(end, key) ? 'omni' : whose;
    // One that was forgotten meanwhile is nobody's.
    if (permit !== undefined && /* guard: breaker/forgotten */ breakers?.get(key) === known)
      permit.settle(culprit);
    else if (culprit === 'upstream') this.#count(spec, called, key, number);
    // One success ends a row; of a share it is a part.
    const isRow = (spec.routing ?? DEFAULT_ROUTING).breaker.share === 0;
    if (isRow && culprit === 'nobody') this.#forget(breakers, key);
  }

  /** A failure of a call that no breaker knew of; an open one has its trials. */
  #count(spec: UpstreamSpec, called: Called, key: string, number: number): void {
    const { breaker, closedBehind } = this.#breakerOf(spec, called, key);
    const isOfNow = /* guard: breaker/from-before */ number > closedBehind;
    if (isOfNow && /* guard: breaker/late-failure */ breaker.state === 'closed')
      breaker.admit()?.settle('upstream');
  }

  #forget(breakers: Map<string, KnownBreaker> | undefined, key: string): void {
    const known = breakers?.get(key);
    if (known?.breaker.state !== 'closed') return;
    if (known.closedBehind === 0 || this.#options.clock.monotonicMs() >= known.keptUntilMs)
      breakers?.delete(key);
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

  #breakerOf(spec: UpstreamSpec, called: Called, key: string): KnownBreaker {
    const breakers = this.#known.of(spec);
    const found = breakers.get(key);
    if (found !== undefined) return found;
    // guard: breaker/bounded
    if (breakers.size >= MAX_BREAKERS) forgetOne(breakers);
    const { openMs, maxOpenMs } = (spec.routing ?? DEFAULT_ROUTING).breaker;
    const { clock, random, onChange, onOpened } = this.#options;
    const opened = new CircuitBreaker({
      tripRule: tripRuleOf(spec),
      firstWaitMs: openMs,
      maxWaitMs: maxOpenMs,
      onChange: (state) => {
        if (state === 'closed') {
          known.closedBehind = this.#calls;
          known.keptUntilMs = clock.monotonicMs() + spec.maxCallTimeMs;
        }
        onChange?.(spec.name, called, state);
        if (state === 'open') onOpened?.(spec, key, circuitOpen(called, opened));
      },
      clock,
      random,
    });
    const known: KnownBreaker = { called, breaker: opened, closedBehind: 0, keptUntilMs: 0 };
    breakers.set(key, known);
    return known;
  }
}

function tripRuleOf({ routing = DEFAULT_ROUTING }: UpstreamSpec): TripRule {
  const { failures, share, calls } = routing.breaker;
  return share > 0 ? { kind: 'share', share, calls, minCalls: calls } : { kind: 'consecutive', failures };
}

function neverOpens({ routing = DEFAULT_ROUTING }: UpstreamSpec): boolean {
  return routing.breaker.failures === 0 && routing.breaker.share === 0;
}

/** @param held - What was in force when the stage was applied, which changes with it. */
function isHeldClosed(held: OverridesOf | undefined, called: Called): boolean {
  return held?.('breaker', called)?.state === 'closed';
}

function forgetOne(breakers: Map<string, KnownBreaker>): void {
  let [forgotten] = breakers.keys();
  for (const [key, { breaker }] of breakers) {
    if (breaker.state !== 'closed') continue;
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
