import type { CancelTimer, Clock, Logger, Millis } from '@omni/ports';
import { PhaseLog } from './phase-log.ts';
import { ScopeDisposers } from './scope/scope-disposers.ts';

export interface StopOptions {
  /** How long running requests may take, in milliseconds. Default: `server.drain` of the configuration. */
  readonly deadlineMs?: number;
}

/** Something that starts after what stands before it in a list, and stops before it. */
export interface LifecyclePart {
  /** Of its phase in the log. */
  readonly name: string;
  /** @param signal - Aborted when the stop begins: work that goes on by itself ends with it (S004-SD-01). */
  start?(signal: AbortSignal): void | Promise<void>;
  /**
   * Called once, also when the list has not been started: some parts hold something from when they are made.
   * Called again when a start that was under way then has ended.
   *
   * @param deadlineMs - How much is left for running requests.
   */
  stop?(deadlineMs: Millis): void | Promise<void>;
}

export interface LifecycleListOptions {
  readonly logger: Logger;
  readonly clock: Pick<Clock, 'keepAlive' | 'monotonicMs'>;
  /** Of the start; those before the list are in it already. */
  readonly phases: PhaseLog;
}

/**
 * The one order in which the parts of a gateway start; they stop in the reverse order. The process lives from
 * the start until everything has stopped: no timer of a part keeps it alive.
 */
export class LifecycleList {
  readonly #parts: readonly LifecyclePart[];
  readonly #options: LifecycleListOptions;
  readonly #root = new AbortController();
  /** Parts that have been told to stop. */
  readonly #told = new Set<LifecyclePart>();
  #stopped: Promise<void> | undefined;
  #letGo: CancelTimer | undefined;

  constructor(parts: readonly LifecyclePart[], options: LifecycleListOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Starts one part after the other. */
  async start(): Promise<void> {
    if (this.#stopped === undefined) this.#hold();
    const { phases } = this.#options;
    for (const part of this.#parts) {
      if (this.#stopped !== undefined) return;
      if (part.start !== undefined) await phases.run(part.name, () => part.start?.(this.#root.signal));
      // guard: lifecycle/late-start
      if (this.#told.has(part)) await part.stop?.(0);
    }
    phases.end();
  }

  /**
   * Stops every part, whatever happens to others; may be called again.
   *
   * @returns Rejects with an `AggregateError` of what was thrown, when all have been told.
   */
  stop(deadlineMs: Millis): Promise<void> {
    this.#stopped ??= this.#stop(deadlineMs);
    return this.#stopped;
  }

  #hold(): void {
    this.#letGo ??= this.#options.clock.keepAlive?.();
  }

  async #stop(deadlineMs: Millis): Promise<void> {
    const { logger, clock } = this.#options;
    this.#hold();
    this.#root.abort();
    const endsAtMs = clock.monotonicMs() + deadlineMs;
    const phases = new PhaseLog('stop', clock, logger);
    const disposers = new ScopeDisposers();
    for (const part of this.#parts) {
      if (part.stop === undefined) continue;
      disposers.add(async () => {
        this.#told.add(part);
        try {
          await phases.run(part.name, () => part.stop?.(Math.max(0, endsAtMs - clock.monotonicMs())));
        } catch (error) {
          logger.error({ error, part: part.name }, 'a part of the gateway could not be stopped');
          throw error;
        }
      });
    }
    try {
      await disposers.run();
    } finally {
      phases.end();
      this.#letGo?.();
    }
  }
}
