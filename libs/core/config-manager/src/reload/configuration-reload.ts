import { type CancelTimer, type Clock, GatewayError, type Logger, type Millis } from '@omni/ports';

/** The sources of a configuration, as they lay there at one moment. */
export interface SourceReading<Loaded> {
  /** Another one whenever size, inode, time or content of a source is, or which sources there are. */
  readonly mark: string;
  /** Of the content alone: SHA-256 in hex; empty where it cannot be read, and {@link load} fails. */
  readonly hash: string;
  /**
   * Makes a configuration of exactly what was read.
   *
   * @throws {@link GatewayError} `OMNI_CONFIG_*`
   */
  load(): Promise<Loaded>;
}

/** Why sources are read again, and for whom. */
export interface ReloadCause {
  /** `file`, or a person. */
  readonly author: string;
  /** E.g. `file`, `signal`, `apply`. */
  readonly cause: string;
  /** Somebody wants exactly this: servers may go, however many. */
  readonly isConfirmed: boolean;
}

/** What became of a reload; `before` is the hash of what was in force. */
export type ReloadOutcome<Applied> = { readonly before: string; readonly hash: string } & (
  | { readonly kind: 'applied'; readonly applied: Applied }
  /** It is in force already. */
  | { readonly kind: 'unchanged' }
  /** What was in force stays. */
  | { readonly kind: 'refused'; readonly error: GatewayError }
);

export interface ConfigurationReloadOptions<Loaded, Applied> {
  /** @throws {@link GatewayError} `OMNI_CONFIG_UNREADABLE`, `OMNI_CONFIG_UNSAFE`. */
  readonly read: () => Promise<SourceReading<Loaded>>;
  /** What is in force at first. */
  readonly hash: string;
  /**
   * Puts it in force: all or, where it throws, nothing.
   *
   * @throws {@link GatewayError}
   */
  readonly apply: (reading: SourceReading<Loaded>, cause: ReloadCause) => Promise<Applied>;
  /** Told what became of each change that was seen, once. Must not throw. */
  readonly onOutcome: (outcome: ReloadOutcome<Applied>, cause: ReloadCause) => void;
  readonly clock: Pick<Clock, 'after'>;
  readonly logger: Pick<Logger, 'error'>;
  /** How long sources must stay as they are before they are read, in milliseconds. */
  readonly debounceMs: Millis;
}

/**
 * Reads a configuration again when its sources have changed, one change after the other.
 *
 * Sources are read twice, a debounce apart, and count only where both readings are alike and nothing was told
 * of in between: half a file is never taken for a whole one as long as its writer does not rest.
 */
export class ConfigurationReload<Loaded, Applied> {
  readonly #options: ConfigurationReloadOptions<Loaded, Applied>;
  /** What is in force. */
  #hash: string;
  /** What was read last, whatever became of it. */
  #seen: string | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** The reload that waits for its turn because of a change. */
  #isAsked = false;
  /** Sources may have changed since they were looked at. */
  #isDisturbed = false;
  #cancelTimer: CancelTimer | undefined;
  #isClosed = false;
  #endWait: (() => void) | undefined;
  #outcome: ReloadOutcome<Applied> | undefined;

  constructor(options: ConfigurationReloadOptions<Loaded, Applied>) {
    this.#options = options;
    this.#hash = options.hash;
  }

  /** Hash of what is in force. */
  get hash(): string {
    return this.#hash;
  }

  /** What became of the last change that was seen; `undefined` before the first. */
  get lastOutcome(): ReloadOutcome<Applied> | undefined {
    return this.#outcome;
  }

  /** Sources may have changed. Told as often as one likes. */
  changed(cause: Omit<ReloadCause, 'isConfirmed'>): void {
    this.#isDisturbed = true;
    if (this.#isAsked || this.#isClosed) return;
    this.#isAsked = true;
    this.#run(async () => {
      this.#isAsked = false;
      await this.#reload({ ...cause, isConfirmed: false }, false);
    }).catch((error: unknown) =>
      this.#options.logger.error({ error }, 'the configuration could not be read again'),
    );
  }

  /**
   * Reads and applies what lies there, also what was refused before.
   *
   * @throws {@link GatewayError} `OMNI_SHUTTING_DOWN`
   */
  apply(cause: ReloadCause): Promise<ReloadOutcome<Applied>> {
    return this.write(() => Promise.resolve(), cause);
  }

  /** Does something with the sources while nobody else reads them, then {@link apply}. */
  write(write: () => Promise<void>, cause: ReloadCause): Promise<ReloadOutcome<Applied>> {
    return this.#run(async () => {
      // guard: reload/write-while-stopping
      if (this.#isClosed) throw stopping();
      await write();
      const outcome = await this.#reload(cause, true);
      if (outcome !== undefined) return outcome;
      throw stopping();
    });
  }

  /** Begins nothing more. @returns Resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#endWait?.();
    await this.#last;
  }

  #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(stopping());
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  /** @param isWanted - Whether also what was seen before counts. */
  async #reload(cause: ReloadCause, isWanted: boolean): Promise<ReloadOutcome<Applied> | undefined> {
    let before = await this.#look();
    if (!isWanted && !this.#isNew(before)) return undefined;
    for (;;) {
      await this.#wait();
      if (this.#isClosed) return undefined;
      const wasDisturbed = this.#isDisturbed;
      const now = await this.#look();
      const isHeld = !wasDisturbed && now.mark === before.mark;
      if (/* guard: reload/held */ isHeld) return await this.#settled(now, cause);
      before = now;
    }
  }

  async #settled(reading: SourceReading<Loaded>, cause: ReloadCause): Promise<ReloadOutcome<Applied>> {
    this.#seen = reading.mark;
    const outcome = await this.#outcomeOf(reading, cause);
    if (outcome.kind === 'applied') this.#hash = outcome.hash;
    this.#outcome = outcome;
    this.#options.onOutcome(outcome, cause);
    return outcome;
  }

  async #outcomeOf(reading: SourceReading<Loaded>, cause: ReloadCause): Promise<ReloadOutcome<Applied>> {
    const { hash } = reading;
    const before = this.#hash;
    if (hash === before) return { kind: 'unchanged', before, hash };
    try {
      return { kind: 'applied', before, hash, applied: await this.#options.apply(reading, cause) };
    } catch (error) {
      return { kind: 'refused', before, hash, error: GatewayError.from(error) };
    }
  }

  /** What was seen already is of no interest, such as an event that comes late. */
  #isNew({ mark, hash }: SourceReading<Loaded>): boolean {
    return this.#seen === undefined ? hash !== this.#hash : mark !== this.#seen;
  }

  async #look(): Promise<SourceReading<Loaded>> {
    this.#isDisturbed = false;
    try {
      return await this.#options.read();
    } catch (thrown) {
      const error = GatewayError.from(thrown);
      return { mark: `${error.code} ${error.message}`, hash: '', load: () => Promise.reject(error) };
    }
  }

  #wait(): Promise<void> {
    // Nobody ends it any more.
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#endWait = resolve;
      this.#cancelTimer = this.#options.clock.after(this.#options.debounceMs, resolve);
    });
  }
}

function stopping(): GatewayError {
  return new GatewayError('OMNI_SHUTTING_DOWN', 'Omni is stopping');
}
