import { type Clock, GatewayError, type Millis } from '@omni/ports';
import { Turnstile } from './turnstile.ts';

/** How many processes may be started. */
export interface StartLimits {
  /** Attempts under way at the same time. Default: 8. */
  readonly maxStarting: number;
  /** Attempts that begin within any second. Default: 20. */
  readonly maxStartsPerSecond: number;
}

export const DEFAULT_START_LIMITS: StartLimits = { maxStarting: 8, maxStartsPerSecond: 20 };

export interface StartRequest {
  readonly upstream: string;
  readonly isCritical: boolean;
  /** Whether it has been tried before: what has not been tried yet comes first. */
  readonly isRestart: boolean;
  readonly start: () => void;
}

/** An attempt that takes longer does not work any more but waits, and keeps nobody else waiting. */
const MAX_HOLD_MS: Millis = 3_000;

/**
 * Every start of a process passes here (S000-PROC-01), so that many servers do not make a storm.
 *
 * Nothing is started before {@link open}: it is told when what protects Omni and what watches it exist
 * (S000-BOOT-02).
 */
export class StartLimiter {
  readonly #turnstile: Turnstile;
  #phase: 'closed' | 'open' | 'holding' = 'closed';

  constructor({ clock, ...limits }: StartLimits & { readonly clock: Clock }) {
    const { maxStarting: maxAtOnce, maxStartsPerSecond: maxPerSecond } = limits;
    this.#turnstile = new Turnstile({ maxAtOnce, maxPerSecond, maxHoldMs: MAX_HOLD_MS, clock });
  }

  open(): void {
    this.#phase = 'open';
  }

  /** From now on nothing is restarted: Omni stops. What running calls need is still started. */
  hold(): void {
    if (this.#phase === 'open') this.#phase = 'holding';
  }

  /**
   * @returns Ends the attempt, or the wait for it; may be called again.
   * @throws {@link GatewayError} `OMNI_NOT_STARTED` before {@link open}.
   */
  begin({ upstream, isCritical, isRestart, start }: StartRequest): () => void {
    // guard: starting/too-early
    if (this.#phase === 'closed')
      throw new GatewayError(
        'OMNI_NOT_STARTED',
        `The process of "${upstream}" was to be started before limits and telemetry were there`,
      );
    const leave = this.#turnstile.enter({
      key: upstream,
      rank: (isRestart ? 2 : 0) + (isCritical ? 0 : 1),
      onTurn: () => {
        if (/* guard: starting/hold */ this.#phase !== 'holding' || !isRestart) start();
      },
    });
    return leave;
  }
}
