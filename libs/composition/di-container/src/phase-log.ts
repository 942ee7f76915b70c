import type { Clock, Logger, Millis } from '@omni/ports';

/**
 * The named phases in which Omni starts or stops, with their times (S000-BOOT-01): each at debug when it
 * begins and when it is over, and the whole in one line at the end.
 */
export class PhaseLog {
  readonly #what: 'start' | 'stop';
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #logger: Logger | undefined;
  readonly #beganMs: Millis;
  readonly #over: { readonly phase: string; readonly ms: Millis }[] = [];
  #current: string | undefined;

  /** @param logger - Absent where the first phases come before it: {@link logTo} gives it. */
  constructor(what: 'start' | 'stop', clock: Pick<Clock, 'monotonicMs'>, logger?: Logger) {
    this.#what = what;
    this.#clock = clock;
    this.#logger = logger;
    this.#beganMs = clock.monotonicMs();
  }

  /** The phase that is under way. */
  get current(): string | undefined {
    return this.#current;
  }

  /** What is over already is logged now. */
  logTo(logger: Logger): void {
    this.#logger = logger;
    for (const fields of this.#over) logger.debug(fields, `${this.#what}: a phase is over`);
  }

  async run<Result>(phase: string, work: () => Result | Promise<Result>): Promise<Result> {
    const beganMs = this.#clock.monotonicMs();
    this.#current = phase;
    this.#logger?.debug({ phase }, `${this.#what}: a phase begins`);
    try {
      return await work();
    } finally {
      this.#current = undefined;
      const over = { phase, ms: this.#since(beganMs) };
      this.#over.push(over);
      this.#logger?.debug(over, `${this.#what}: a phase is over`);
    }
  }

  /** All phases are over. */
  end(): void {
    const phases = Object.fromEntries(this.#over.map(({ phase, ms }) => [phase, ms]));
    this.#logger?.info(
      { ms: this.#since(this.#beganMs), phases },
      this.#what === 'start' ? 'Omni has started' : 'Omni has stopped',
    );
  }

  #since(beganMs: Millis): Millis {
    return Math.round(this.#clock.monotonicMs() - beganMs);
  }
}
