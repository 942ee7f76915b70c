/**
 * How the benchmark sets Omni otherwise than by default: everything that a policy of calls is set by stands
 * here.
 */

/** The part of Omni's configuration that is set, see `@omni/config`. */
export interface OmniSettings {
  readonly limits?: Readonly<Record<string, unknown>>;
  readonly routing?: Readonly<Record<string, unknown>>;
}

/** A rate that no machine reaches. */
const UNREACHED = { rps: 1_000_000, burst: 1_000_000 };

/** The bare path: what can be switched off is. */
export const NO_POLICIES: OmniSettings = {
  limits: { maxHeapShare: 1 },
  routing: { retry: { attempts: 1 }, breaker: { failures: 0 } },
};

/** A quota that no run uses up. */
const UNUSED = { window: '1h', calls: 1_000_000_000, bytes: 1_000_000_000_000, busy: '500h' };

/** Every policy is asked for every call, and none refuses one. */
export const ALL_POLICIES: OmniSettings = {
  limits: {
    userRate: UNREACHED,
    sessionRate: UNREACHED,
    sessionQuota: UNUSED,
    maxWaiting: 1_000,
    maxUpstreamInFlight: 1_000,
    maxInstanceInFlight: 1_000,
  },
  routing: {
    deadline: '30s',
    trustHints: true,
    retry: { attempts: 3 },
    hedge: { quantile: 0.99, minDelay: '1s' },
    breaker: { failures: 5 },
    rate: UNREACHED,
    capabilityRate: UNREACHED,
    quota: UNUSED,
    concurrency: { adaptive: true, min: 200, max: 200, initial: 200 },
    errorBudget: { share: 0.5 },
    queue: { max: 1_000, wait: '10s' },
  },
};

/** For a server that takes so many calls at the same time: no more are sent to it. */
export function settingsForServerOf(places: number, waiting: number): OmniSettings {
  return {
    limits: { maxUpstreamInFlight: places },
    routing: { retry: { attempts: 1 }, queue: { max: waiting, wait: '1s' } },
  };
}

/** Safe calls wait until a server that has gone is back. */
export const SAFE_CALLS_ARE_REPEATED: OmniSettings = { routing: { trustHints: true } };
