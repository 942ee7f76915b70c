import type { CancelTimer, Clock, Logger } from '@omni/ports';
import { ScopeDisposers } from './scope/scope-disposers.ts';

export interface StopOptions {
  /** How long running requests may take, in milliseconds. Default: `server.drain` of the configuration. */
  readonly deadlineMs?: number;
}

/** Something that starts after what stands before it in a list, and stops before it. */
export interface LifecyclePart {
  readonly name: string;
  start?(): void | Promise<void>;
  /**
   * Called once, also when the list has not been started: some parts hold something from when they are made.
   */
  stop?(deadlineMs: number): void | Promise<void>;
}

/**
 * The one order in which the parts of a gateway start; they stop in the reverse order. The process lives from
 * the start until everything has stopped: no timer of a part keeps it alive.
 */
export class LifecycleList {
  readonly #parts: readonly LifecyclePart[];
  readonly #logger: Logger;
  readonly #clock: Pick<Clock, 'keepAlive'>;
  #stopped: Promise<void> | undefined;
  #letGo: CancelTimer | undefined;

  constructor(parts: readonly LifecyclePart[], logger: Logger, clock: Pick<Clock, 'keepAlive'>) {
    this.#parts = parts;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Starts one part after the other. */
  async start(): Promise<void> {
    if (this.#stopped === undefined) this.#hold();
    for (const part of this.#parts) {
      if (this.#stopped !== undefined) return;
      await part.start?.();
    }
  }

  /**
   * Stops every part, whatever happens to others; may be called again.
   *
   * @returns Rejects with an `AggregateError` of what was thrown, when all have been told.
   */
  stop(deadlineMs: number): Promise<void> {
    this.#stopped ??= this.#stop(deadlineMs);
    return this.#stopped;
  }

  #hold(): void {
    this.#letGo ??= this.#clock.keepAlive?.();
  }

  async #stop(deadlineMs: number): Promise<void> {
    this.#hold();
    const disposers = new ScopeDisposers();
    for (const part of this.#parts) {
      disposers.add(async () => {
        try {
          await part.stop?.(deadlineMs);
        } catch (error) {
          this.#logger.error({ error, part: part.name }, 'a part of the gateway could not be stopped');
          throw error;
        }
      });
    }
    try {
      await disposers.run();
    } finally {
      this.#letGo?.();
    }
  }
}
