import { NO_GUIDE, type Guide } from './block-coverage.ts';
import { BYTE_MUTATIONS, type Mutation } from './byte-mutations.ts';
import { Choice } from './choice.ts';
import { findingKey, type FuzzTarget } from './fuzz-target.ts';
import { JSON_MUTATIONS } from './json-mutations.ts';
import { minimise } from './minimise.ts';

export interface FuzzOptions {
  /** The same seed and number of runs try the same inputs, as long as the code is the same. */
  readonly seed: number;
  readonly maxRuns: number;
  /** Default: no limit but the runs. */
  readonly maxMs?: number;
  /** Default: blind. */
  readonly guide?: Guide;
  /** Where the search begins, besides the seeds of the target. */
  readonly corpus?: readonly Uint8Array[];
  /** The search ends with so many findings. Default 1. */
  readonly maxFindings?: number;
  /** Longest time for one input. Default 2,000. */
  readonly maxInputMs?: number;
  /** Told what is tried before it is, so that somebody else can say what hangs. */
  readonly onInput?: (input: Uint8Array) => void;
}

export interface Finding {
  readonly key: string;
  readonly message: string;
  /** As small as it could be made. */
  readonly input: Uint8Array;
}

export interface FuzzReport {
  readonly runs: number;
  readonly ms: number;
  /** Inputs that ran what none before had run, those of the beginning included. */
  readonly kept: readonly Uint8Array[];
  readonly findings: readonly Finding[];
}

/** Inputs between two looks at what ran: a look costs as much as many runs. */
const BATCH = 64;
const MAX_KEPT = 4_000;
const SLOW = 'slow';

/** Searches an input for which a target does not keep its promise. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  return new Search(target, options).run();
}

class Search {
  readonly #target: FuzzTarget;
  readonly #options: FuzzOptions;
  readonly #guide: Guide;
  readonly #choice: Choice;
  readonly #mutations: readonly Mutation[];
  readonly #kept: Uint8Array[] = [];
  readonly #outcomes = new Set<string>();
  readonly #findings = new Map<string, Finding>();
  readonly #began = performance.now();
  #runs = 0;

  constructor(target: FuzzTarget, options: FuzzOptions) {
    this.#target = target;
    this.#options = options;
    this.#guide = options.guide ?? NO_GUIDE;
    this.#choice = new Choice(options.seed);
    this.#mutations = target.isJson
      ? [...BYTE_MUTATIONS, ...JSON_MUTATIONS, ...JSON_MUTATIONS]
      : BYTE_MUTATIONS;
  }

  async run(): Promise<FuzzReport> {
    const encoder = new TextEncoder();
    for (const seed of this.#target.seeds) {
      const input = typeof seed === 'string' ? encoder.encode(seed) : seed;
      await this.#try(input);
      this.#keep(input);
    }
    this.#guide.learn();
    for (const input of this.#options.corpus ?? []) {
      const hasNewOutcome = await this.#try(input);
      if (this.#guide.learn() || hasNewOutcome) this.#keep(input);
    }
    while (!this.#isOver()) await this.#batch();
    return {
      runs: this.#runs,
      ms: performance.now() - this.#began,
      kept: this.#kept,
      findings: [...this.#findings.values()],
    };
  }

  #isOver(): boolean {
    const { maxRuns, maxMs = Number.POSITIVE_INFINITY, maxFindings = 1 } = this.#options;
    return (
      this.#runs >= maxRuns || this.#findings.size >= maxFindings || performance.now() - this.#began >= maxMs
    );
  }

  async #batch(): Promise<void> {
    const inputs: Uint8Array[] = [];
    for (let index = 0; index < BATCH && !this.#isOver(); index++) {
      const input = this.#next();
      inputs.push(input);
      if (await this.#try(input)) this.#keep(input);
    }
    if (this.#guide.hasNew()) await this.#keepNew(inputs);
  }

  /** Keeps those that run something new: looks at halves, for most run nothing new. */
  async #keepNew(inputs: readonly Uint8Array[]): Promise<void> {
    const half = inputs.length >> 1;
    for (const part of half === 0 ? [inputs] : [inputs.slice(0, half), inputs.slice(half)]) {
      for (const input of part) await this.#try(input);
      const [first] = part;
      if (part.length > 1 && this.#guide.hasNew()) await this.#keepNew(part);
      else if (part.length === 1 && first !== undefined && this.#guide.learn()) this.#keep(first);
    }
  }

  #next(): Uint8Array {
    const choice = this.#choice;
    let input = this.#pick();
    const steps = 1 << choice.below(4);
    for (let step = 0; step < steps; step++) {
      const mutation = choice.pick(this.#mutations);
      if (mutation !== undefined)
        input = mutation(input, { choice, dictionary: this.#target.dictionary, other: this.#pick() });
    }
    return input.length > this.#target.maxBytes ? input.slice(0, this.#target.maxBytes) : input;
  }

  /** The latest are the most promising: half of the time one of them. */
  #pick(): Uint8Array {
    const recent = this.#kept.length > 16 && this.#choice.once(2) ? this.#kept.slice(-16) : this.#kept;
    return this.#choice.pick(recent) ?? new Uint8Array(0);
  }

  #keep(input: Uint8Array): void {
    if (this.#kept.length < MAX_KEPT && this.#kept.at(-1) !== input) this.#kept.push(input);
  }

  /** @returns Whether the outcome is a new one. */
  async #try(input: Uint8Array): Promise<boolean> {
    this.#runs++;
    this.#options.onInput?.(input);
    let failure = await this.#failureOf(input);
    // Whoever is slow is so again; a busy machine may have been elsewhere.
    for (let again = 0; again < 2 && typeof failure === 'object' && failure.key === SLOW; again++)
      failure = await this.#failureOf(input);
    if (typeof failure === 'string') {
      const isNew = !this.#outcomes.has(failure) && this.#outcomes.size < MAX_KEPT;
      if (isNew) this.#outcomes.add(failure);
      return isNew;
    }
    const { key, message } = failure;
    if (this.#findings.has(key)) return false;
    this.#findings.set(key, { key, message, input });
    const small = await minimise(input, {
      isSame: async (candidate) => {
        const again = await this.#failureOf(candidate);
        return typeof again === 'object' && again.key === key;
      },
    });
    this.#findings.set(key, { key, message, input: small });
    return false;
  }

  async #failureOf(input: Uint8Array): Promise<string | { readonly key: string; readonly message: string }> {
    const { maxInputMs = 2_000 } = this.#options;
    const began = performance.now();
    try {
      const outcome = this.#target.check(input);
      const word = typeof outcome === 'string' ? outcome : await outcome;
      const ms = performance.now() - began;
      return ms <= maxInputMs
        ? word
        : { key: SLOW, message: `takes ${Math.round(ms)} ms for ${input.length} bytes` };
    } catch (error) {
      return {
        key: findingKey(error),
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      };
    }
  }
}
