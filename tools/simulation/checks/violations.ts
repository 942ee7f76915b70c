/** The invariants that a simulation asserts, by their numbers. */
export const INVARIANTS = {
  I1: 'one accepted request has exactly one terminal answer, before its deadline and a second',
  I2: 'an answer reaches only the client that asked',
  I3: 'a server receives a call once at most',
  I4: 'nothing reaches a server behind an open circuit, or one that is off',
  I5: 'what is listed can be called',
  I6: 'what was told as stored is there after every crash, and the log is what was executed',
  I7: 'every timer, process and connection ends with its owner',
  I8: 'the life cycle is that of the reference model',
  I10: 'bounds hold',
  I12: 'bytes of arguments and results are equal',
  I13: 'all gauges are 0 when nothing runs',
  I15: 'nothing follows a terminal answer',
  P1: 'no limit is exceeded, and nothing is refused that a limit lets through',
  P2: 'a call is made again where that is harmless, within its attempts, its budget and its time',
  P3: 'what fails is left alone until its wait is over, then one call at a time tries it',
  P4: 'users take turns, and calls of one keep their order',
  P5: 'a request ends within its deadline, an attempt within its time',
  P6: 'a client hears what its server answered, and an error says what has happened',
  P7: 'what virtual time says for certain is so with real processes',
  P8: 'a call goes to who can take it, in the order of its server, and stays where it belongs',
  P9: 'what has a key is made once, and its outcome is told again',
  P10: 'equal safe requests of one client are run once, and others are not',
  P11: 'a call that takes long becomes a task, with the result of the call',
  crash: 'nothing is thrown that nobody catches',
  heal: 'whoever heals is healthy within the longest wait',
  same: 'a run is equal to its repetition',
} as const;

export type Invariant = keyof typeof INVARIANTS;

export interface Violation {
  readonly invariant: Invariant;
  readonly atMs: number;
  readonly what: string;
}

/** More of them say nothing new. */
const MAX_VIOLATIONS = 20;

/** What was broken in one run. */
export class Violations {
  readonly #nowMs: () => number;
  readonly #onFirst: () => void;
  readonly #found: Violation[] = [];

  /** @param onFirst - Told of the first one, for runs that need not go on. */
  constructor(nowMs: () => number, onFirst: () => void = () => {}) {
    this.#nowMs = nowMs;
    this.#onFirst = onFirst;
  }

  get all(): readonly Violation[] {
    return this.#found;
  }

  /** @param atMs - When it happened. Default: now. */
  add(invariant: Invariant, what: string, atMs = this.#nowMs()): void {
    if (this.#found.length < MAX_VIOLATIONS) this.#found.push({ invariant, atMs, what });
    if (this.#found.length === 1) this.#onFirst();
  }
}
