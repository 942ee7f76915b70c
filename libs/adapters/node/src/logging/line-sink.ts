import { type Clock, systemClock } from '@omni/ports';
import { errorCode } from '../files/error-code.ts';

/** Settings of {@link LineSink}. */
export interface LineSinkOptions {
  /**
   * Writes to a terminal, a pipe or a file, and calls back later; fits `write` of `node:fs` on a descriptor.
   */
  readonly put: (bytes: Buffer, done: (error: Error | null, written: number) => void) => void;
  /**
   * Called when lines begin to be lost.
   *
   * @param reason - Code of the system, e.g. `ENOSPC`, or `slow` when nobody reads.
   */
  readonly onLost: (reason: string) => void;
  /** The line that is written first when lines can be written again. */
  readonly gapLine: (lost: number, reason: string) => string;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** What nobody has read yet, in characters; further lines are lost. */
const MAX_HELD = 1_048_576;
/** How long after a failure it is tried again, with the next line. */
const RETRY_MS = 1_000;
/** How long after a pipe was full. */
const FULL_MS = 50;
/** How long {@link LineSink.flush} waits for a reader. */
const FLUSH_MS = 1_000;

/**
 * Writes lines without ever waiting: those that come while one write is under way join the next. A disk that
 * is full, a reader that is gone or slow costs the lines and nothing else; as soon as one can be written
 * again, so are those that follow, behind one that tells of the gap.
 */
export class LineSink {
  readonly #options: LineSinkOptions;
  readonly #clock: Clock;
  #held: string[] = [];
  #heldLength = 0;
  /** What the system has not taken yet of the write under way. */
  #rest: Buffer | undefined;
  #lost = 0;
  #lostReason: string | undefined;
  #retryAt = 0;
  #changedAt: number;
  /** Whether the last line stands there in part. */
  #isTorn = false;
  #onIdle: (() => void)[] = [];

  constructor(options: LineSinkOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#changedAt = this.#clock.now();
  }

  /** Why lines are lost at the moment; `undefined` while they are not. */
  get lostReason(): string | undefined {
    return this.#lostReason;
  }

  /** When lines began to be lost, or to be written again; milliseconds since the epoch. */
  get changedAt(): number {
    return this.#changedAt;
  }

  /** @param line - With its line end. */
  write(line: string): void {
    if (this.#lostReason !== undefined && this.#clock.monotonicMs() < this.#retryAt) this.#lost += 1;
    else if (this.#heldLength + line.length > MAX_HELD) this.#lose(1, 'slow');
    else {
      this.#held.push(line);
      this.#heldLength += line.length;
      this.#writeNext();
    }
  }

  /** Resolves when everything is written or lost, or nobody has read it for a second. */
  flush(): Promise<void> {
    if (this.#rest === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      // This one keeps the process alive: that is what it is for.
      const timer = setTimeout(resolve, FLUSH_MS);
      this.#onIdle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #writeNext(): void {
    if (this.#rest !== undefined) return;
    if (this.#held.length === 0) {
      for (const resolve of this.#onIdle.splice(0)) resolve();
      return;
    }
    const reason = this.#lostReason;
    const gap = reason === undefined ? '' : this.#options.gapLine(this.#lost, reason);
    this.#rest = Buffer.from(`${this.#isTorn ? '\n' : ''}${gap}${this.#held.join('')}`);
    const lines = this.#held.length;
    this.#held = [];
    this.#heldLength = 0;
    this.#push(lines, this.#lost);
  }

  /** @param told - How many lost lines the gap line counts. */
  #push(lines: number, told: number): void {
    const rest = this.#rest;
    if (rest === undefined) return;
    this.#options.put(rest, (error, written) => {
      const code = error === null ? undefined : (errorCode(error) ?? 'unknown');
      if (code === 'EAGAIN') {
        this.#clock.after(FULL_MS, () => this.#push(lines, told));
        return;
      }
      if (code === undefined && written < rest.length) {
        this.#isTorn = true;
        this.#rest = rest.subarray(written);
        return this.#push(lines, told);
      }
      this.#rest = undefined;
      if (code === undefined) {
        this.#isTorn = false;
        this.#lost -= told;
        if (this.#lostReason !== undefined && this.#lost === 0) {
          this.#lostReason = undefined;
          this.#changedAt = this.#clock.now();
        }
      } else this.#lose(lines + this.#held.length, code);
      this.#writeNext();
    });
  }

  #lose(lines: number, reason: string): void {
    const isNew = this.#lostReason === undefined;
    this.#lost += lines;
    this.#lostReason = reason;
    this.#retryAt = this.#clock.monotonicMs() + RETRY_MS;
    if (reason !== 'slow') {
      this.#held = [];
      this.#heldLength = 0;
    }
    if (!isNew) return;
    this.#changedAt = this.#clock.now();
    this.#options.onLost(reason);
  }
}
