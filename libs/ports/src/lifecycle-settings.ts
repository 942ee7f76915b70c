import type { Millis } from './clock.ts';

/** The breaker of S001-CB-07, by the seed's names. Durations in the configuration are in seconds. */
export interface CircuitBreakerSettings {
  /** Failed attempts in a row that open the circuit. Default: 5. */
  readonly failureThreshold: number;
  /** From opening to the first trial. Default: 30,000. */
  readonly recoveryTimeoutMs: Millis;
  /** The longest wait for a trial. Default: 600,000. */
  readonly maxTimeoutMs: Millis;
  /** What each further wait is multiplied with. Default: 2. */
  readonly backoffMultiplier: number;
  /** Downtime after which nothing is tried any more; 0: never. Default: 1,800,000. */
  readonly disableAfterMs: Millis;
  /** Trials that fail after which nothing is tried any more; 0: never. Default: 0 (X001-02). */
  readonly disableAfterCycles: number;
}

/** The numbers of a life, for one upstream. */
export interface LifecycleSettings {
  readonly breaker: CircuitBreakerSettings;
  readonly restart: {
    /**
     * Waits before attempts. Default: 500, 1,000, 2,000, 5,000, 10,000. Empty: each waits for the breaker's
     * `recoveryTimeoutMs`.
     */
    readonly stepsMs: readonly Millis[];
    /** Largest share of a wait that chance adds to it. Default: 0.1. */
    readonly jitter: number;
    /** A time without a fall that makes the backoff forget. Default: 300,000. */
    readonly stableMs: Millis;
    /** Falls within {@link stableMs} that open the circuit. Default: 6. */
    readonly flapFalls: number;
  };
  readonly probe: {
    /** From one probe to the next; 0: none. Default: 30,000. */
    readonly intervalMs: Millis;
    /** Largest share of the interval that chance adds or takes. Default: 0.1. */
    readonly jitter: number;
    /** Longest wait for the answer to one. Default: 5,000. */
    readonly timeoutMs: Millis;
    /** From a missed probe to the next. Default: 5,000. */
    readonly confirmMs: Millis;
    /** Probes missed in a row that make it disconnected. Default: 3. */
    readonly softMisses: number;
    /** After coming up, missed probes only degrade. Default: 30,000. */
    readonly graceMs: Millis;
  };
}

export const DEFAULT_LIFECYCLE: LifecycleSettings = {
  breaker: {
    failureThreshold: 5,
    recoveryTimeoutMs: 30_000,
    maxTimeoutMs: 600_000,
    backoffMultiplier: 2,
    disableAfterMs: 1_800_000,
    disableAfterCycles: 0,
  },
  restart: { stepsMs: [500, 1_000, 2_000, 5_000, 10_000], jitter: 0.1, stableMs: 300_000, flapFalls: 6 },
  probe: {
    intervalMs: 30_000,
    jitter: 0.1,
    timeoutMs: 5_000,
    confirmMs: 5_000,
    softMisses: 3,
    graceMs: 30_000,
  },
};
