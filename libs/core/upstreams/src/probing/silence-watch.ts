import type { CancelTimer, Clock, Millis } from '@omni/ports';

/** A connection whose silence means something while clients wait for it. */
export interface Watched {
  readonly clientCalls: number;
  /** Monotonic: when anything of the server was last received. */
  readonly heardAtMs: Millis;
}

export interface SilenceWatchOptions<Target extends Watched> {
  readonly clock: Clock;
  readonly targets: () => Iterable<Target>;
  /** Told again after each further {@link SILENCE_MS} of silence. */
  readonly onSilent: (target: Target) => void;
}

/** A server that says nothing for so long while a call is under way is asked whether it lives. */
export const SILENCE_MS: Millis = 15_000;
/** With the 5 s of a probe, a hang shows within 25 s after a call has fallen silent. */
const LOOK_MS: Millis = 2_000;

/** Looks for servers that are silent while clients wait. Costs calls nothing: one timer looks at all. */
export class SilenceWatch<Target extends Watched> {
  readonly #options: SilenceWatchOptions<Target>;
  /** Monotonic: since when a connection is busy, or was last told of. */
  readonly #since = new WeakMap<Target, Millis>();
  #cancelTimer: CancelTimer | undefined;

  constructor(options: SilenceWatchOptions<Target>) {
    this.#options = options;
  }

  start(): void {
    this.#cancelTimer ??= this.#options.clock.after(LOOK_MS, () => {
      this.#cancelTimer = undefined;
      this.start();
      this.#look();
    });
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #look(): void {
    const { clock, targets, onSilent } = this.#options;
    const now = clock.monotonicMs();
    for (const target of targets()) {
      if (target.clientCalls === 0) {
        this.#since.delete(target);
        continue;
      }
      const since = this.#since.get(target);
      if (since === undefined) this.#since.set(target, now);
      else if (now - Math.max(since, target.heardAtMs) >= SILENCE_MS) {
        this.#since.set(target, now);
        onSilent(target);
      }
    }
  }
}
