import type { CancelTimer, Clock } from '@omni/ports';

/** Pause between two looks whether an upstream that is draining still has calls under way. */
const LOOK_MS = 50;

export interface DrainWatchOptions {
  readonly clock: Pick<Clock, 'after'>;
  /** Calls under way. */
  readonly running: () => number;
  readonly onDrained: () => void;
}

/** Looks until nothing runs any more. */
export class DrainWatch {
  readonly #options: DrainWatchOptions;
  #cancel: CancelTimer | undefined;

  constructor(options: DrainWatchOptions) {
    this.#options = options;
  }

  /** Whether anything runs that is waited for. */
  get isNeeded(): boolean {
    return this.#options.running() > 0;
  }

  begin(): void {
    this.#look(0);
  }

  end(): void {
    this.#cancel?.();
  }

  #look(afterMs: number): void {
    const { clock, running, onDrained } = this.#options;
    this.#cancel = clock.after(afterMs, () => {
      if (/* guard: registry/drains */ running() === 0) onDrained();
      else this.#look(LOOK_MS);
    });
  }
}
