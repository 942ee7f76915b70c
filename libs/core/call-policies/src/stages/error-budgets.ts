import type { CallStage } from '@omni/model';
import { type Clock, DEFAULT_ROUTING, type UpstreamSpec } from '@omni/ports';
import { type CallEnd, whoseFailure } from '../breaker/whose-failure.ts';
import { ErrorBudget, type ErrorBudgetState } from '../error-budget/error-budget.ts';
import { type Called, calledOf, keyOf } from './called.ts';
import { KeptState } from './kept-state.ts';
import { JudgedCall } from './judged-call.ts';

export interface ErrorBudgetsOptions {
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>;
  /** Told each change of the budget of an upstream. */
  readonly onChange?: (spec: UpstreamSpec, isSpent: boolean, state: ErrorBudgetState) => void;
  /** Told each change of what is to be hidden. */
  readonly onHidden?: (spec: UpstreamSpec, called: Called, isHidden: boolean) => void;
}

/** The budgets of one upstream. */
interface Budgets {
  readonly whole: ErrorBudget;
  /** Of tools, prompts and resources that have failed; where they may be hidden. */
  readonly parts: Map<string, ErrorBudget>;
}

/** Tools, prompts and resources of one upstream with a budget of their own; the oldest goes first. */
const MAX_PARTS = 1_000;

/**
 * Counts how much fails of what is asked of upstreams, by the table of {@link whoseFailure}: what callers and
 * Omni did themselves says nothing (S003-RT-11, S003-RT-12).
 *
 * A tool, prompt or resource has a budget of its own from its first failure on.
 */
export class ErrorBudgets {
  readonly #options: ErrorBudgetsOptions;
  readonly #known: KeptState<Budgets>;
  /** Those whose calls are counted. */
  readonly #inForce = new Map<string, UpstreamSpec>();
  readonly #gone = new WeakSet<UpstreamSpec>();

  constructor(options: ErrorBudgetsOptions) {
    this.#options = options;
    this.#known = new KeptState({
      settingsOf: ({ errorBudget }) => errorBudget,
      create: (spec) => ({
        whole: this.#open(spec, (isSpent, state) => this.#options.onChange?.(spec, isSpent, state)),
        parts: new Map(),
      }),
      // What was spent by other settings is there again.
      onReset: (_spec, budgets) => endAll(budgets),
    });
  }

  readonly stage: CallStage = (next, { spec }) => {
    const { share, hides } = (spec.routing ?? DEFAULT_ROUTING).errorBudget;
    if (share === 0 || this.#gone.has(spec)) return next;
    this.#inForce.set(spec.name, spec);
    return (call, handler) => {
      const called = calledOf(call);
      if (called === undefined) return next(call, handler);
      return new JudgedCall(handler, (end) => this.#onEnd(spec, end, hides ? called : undefined)).begin(
        next,
        call,
      );
    };
  };

  /** The server has lost its name: what it has spent is there again; what it still runs counts no more. */
  forget(name: string): void {
    const spec = this.#inForce.get(name);
    if (spec === undefined) return;
    this.#inForce.delete(name);
    this.#gone.add(spec);
    const budgets = this.#known.find(spec);
    if (budgets !== undefined) endAll(budgets);
  }

  isSpent(spec: UpstreamSpec): boolean {
    return this.#known.find(spec)?.whole.isSpent === true;
  }

  /** What there was in the window; `undefined` before the first call. */
  stateOf(spec: UpstreamSpec): ErrorBudgetState | undefined {
    return this.#known.find(spec)?.whole.state;
  }

  #onEnd(spec: UpstreamSpec, end: CallEnd, called: Called | undefined): void {
    const whose = whoseFailure(end);
    // guard: budget/whose
    if (whose !== 'upstream' && whose !== 'nobody') return;
    // guard: budget/gone
    if (this.#gone.has(spec)) return;
    const isFailure = whose === 'upstream';
    const { whole, parts } = this.#known.of(spec);
    whole.add(isFailure);
    if (called === undefined) return;
    const key = keyOf(called);
    if (isFailure && !parts.has(key)) this.#addPart(spec, parts, called, key);
    parts.get(key)?.add(isFailure);
  }

  #addPart(spec: UpstreamSpec, parts: Budgets['parts'], called: Called, key: string): void {
    const [oldest] = parts;
    // guard: budget/bounded
    if (parts.size >= MAX_PARTS && oldest !== undefined) {
      const [forgotten, budget] = oldest;
      parts.delete(forgotten);
      budget.forget();
    }
    parts.set(
      key,
      this.#open(spec, (isSpent) => {
        this.#options.onHidden?.(spec, called, isSpent);
        if (!isSpent) parts.delete(key);
      }),
    );
  }

  #open(spec: UpstreamSpec, onChange: (isSpent: boolean, state: ErrorBudgetState) => void): ErrorBudget {
    const { share, windowMs, minCalls } = (spec.routing ?? DEFAULT_ROUTING).errorBudget;
    return new ErrorBudget({ share, windowMs, minCalls, onChange, clock: this.#options.clock });
  }
}

function endAll({ whole, parts }: Budgets): void {
  for (const budget of [whole, ...parts.values()]) budget.forget();
}
