import type { Millis } from './clock.ts';

/** A token bucket: so many at once, then so many in a second. */
export interface RateSettings {
  /** Above 0. */
  readonly perSecond: number;
  /** At least 1. */
  readonly burst: number;
}

/** What may be used in a time; what is absent may be used without limit. */
export interface QuotaSettings {
  /** Of the time that it is for, which begins with the first call. */
  readonly windowMs: Millis;
  readonly calls?: number;
  /** Of what is asked and answered. */
  readonly bytes?: number;
  /** For how long calls run, all together. */
  readonly busyMs?: Millis;
}

/** How calls to one upstream are routed. */
export interface RoutingSettings {
  /**
   * Longest time from the arrival of a request to its end, over all attempts; 0: none but those of each
   * attempt. Default: 0.
   */
  readonly deadlineMs: Millis;
  /**
   * From the arrival of a tool's call until its client gets a task in place of the answer, where it declares
   * the tasks extension; 0: never. Default: 0.
   */
  readonly taskAfterMs: Millis;
  /** Whether its `readOnlyHint` and `idempotentHint` are believed. Default: `false`. */
  readonly trustsHints: boolean;
  readonly retry: {
    /** Attempts of one request, the first and hedges included. Default: 3 (R-04: two retries). */
    readonly attempts: number;
    /** Upper bound of the wait before the second attempt; chance picks what is waited. Default: 250. */
    readonly backoffMs: Millis;
    /** What each further bound is multiplied with. Default: 2. */
    readonly factor: number;
    /** The longest bound. Default: 4,000. */
    readonly maxBackoffMs: Millis;
    /** Largest share of requests that may be repeated; a few always may. Default: 0.2. */
    readonly budget: number;
  };
  readonly hedge: {
    /**
     * Share of the calls that answer sooner: a read that takes longer gets a second attempt beside it; 0:
     * none does. Default: 0.
     */
    readonly quantile: number;
    /** No second attempt begins earlier. Default: 10. */
    readonly minDelayMs: Millis;
  };
  /** Of each tool, prompt and resource. */
  readonly breaker: {
    /** Failures in a row that open it; 0: it never opens. Default: 5. */
    readonly failures: number;
    /** In place of that: the share of the last {@link calls} above which it opens; 0: none. Default: 0. */
    readonly share: number;
    /** Default: 20. */
    readonly calls: number;
    /** From the opening to the first trial. Default: 30,000. */
    readonly openMs: Millis;
    /** The longest wait for a trial; each is twice the one before. Default: 600,000. */
    readonly maxOpenMs: Millis;
  };
  /** Of all calls to it. Default: none. */
  readonly rate?: RateSettings;
  /** Of the calls to each of its tools, prompts and resources. Default: none. */
  readonly capabilityRate?: RateSettings;
  /** Where calls wait that a limit does not let through. */
  readonly queue: {
    /** So many at most; 0: they are refused at once. Default: 0. */
    readonly maxWaiting: number;
    /** For so long at most. Default: 10,000. */
    readonly maxWaitMs: Millis;
  };
  /** How many calls of clients are under way at the same time, within the limits of the configuration. */
  readonly concurrency: {
    /** Whether it is found out by how fast they are answered. Default: `false`. */
    readonly isAdaptive: boolean;
    /** Never fewer. Default: 1. */
    readonly min: number;
    /** Never more. Default: 200. */
    readonly max: number;
    /** At first. Default: 10. */
    readonly initial: number;
  };
  /** Of all calls of clients to it. Default: none. */
  readonly quota?: QuotaSettings;
  /** How much of what is asked of it may fail. */
  readonly errorBudget: {
    /** Share of the calls; 0: nobody counts. Default: 0. */
    readonly share: number;
    /** Of the calls of so long a time. Default: 300,000. */
    readonly windowMs: Millis;
    /** Fewer calls say nothing. Default: 100. */
    readonly minCalls: number;
    /** Share of its limit of calls under way that is left while it is spent. Default: 0.5. */
    readonly concurrency: number;
    /** Whether tools, prompts and resources that have spent it themselves are hidden. Default: `false`. */
    readonly hides: boolean;
  };
  /** Safe requests of one client that ask for the same at the same time. */
  readonly coalesce: {
    /** So many at most get the answer of another one; 0: each is run by itself. Default: 0. */
    readonly followers: number;
  };
  /** Faults on purpose, to see what becomes of calls. */
  readonly faults: FaultSettings;
  /** Calls that are sent together where the server speaks 2025-03-26. */
  readonly batch: {
    /** So many at most; 1: each is sent by itself. Default: 1. */
    readonly maxCalls: number;
    /** How long the first of them waits for others. Default: 2. */
    readonly windowMs: Millis;
  };
  /** How calls are spread over a server and its replicas; what the server says counts for all of them. */
  readonly balance: {
    /** Default: `round-robin`. */
    readonly strategy: BalanceStrategy;
    /**
     * Which calls go to the same replica, where `strategy` is `sticky`: those of a session (of a user where
     * there is none), of a user, or to one tool, prompt or resource. Default: `session`.
     */
    readonly stickyBy: 'session' | 'user' | 'name';
  };
  /** Servers that are asked, in order, for the tool, prompt or resource of the same name. Default: none. */
  readonly failover: readonly string[];
  /** By the name of a tool: what is called in its place, as `server.tool`. Default: none. */
  readonly fallback?: Readonly<Record<string, string>>;
  /** What is sent to another server too. Default: nothing. */
  readonly mirror?: {
    readonly to: string;
    /** Of the calls that are safe, above 0 to 1. */
    readonly share: number;
  };
  /** What a call costs, in any unit. Default: 1. */
  readonly cost: number;
}

export interface FaultSettings {
  /** Share of the calls that are struck, 0 to 1; 0: none. Default: 0. */
  readonly share: number;
  /** For how long these are held up before they are sent. Default: 0. */
  readonly delayMs: Millis;
  /**
   * What becomes of them then. `none`: they go on. `error`: they fail, and are not sent. `abort`: they
   * run, and their answer is lost. Default: `none`.
   */
  readonly end: 'none' | 'error' | 'abort';
}

/** How a replica is chosen; all but `sticky` prefer those that have a greater weight. */
export type BalanceStrategy =
  'round-robin' | 'least-latency' | 'least-errors' | 'least-cost' | 'power-of-two' | 'sticky';

export const DEFAULT_ROUTING: RoutingSettings = {
  deadlineMs: 0,
  taskAfterMs: 0,
  trustsHints: false,
  retry: { attempts: 3, backoffMs: 250, factor: 2, maxBackoffMs: 4_000, budget: 0.2 },
  hedge: { quantile: 0, minDelayMs: 10 },
  breaker: { failures: 5, share: 0, calls: 20, openMs: 30_000, maxOpenMs: 600_000 },
  queue: { maxWaiting: 0, maxWaitMs: 10_000 },
  concurrency: { isAdaptive: false, min: 1, max: 200, initial: 10 },
  errorBudget: { share: 0, windowMs: 300_000, minCalls: 100, concurrency: 0.5, hides: false },
  coalesce: { followers: 0 },
  faults: { share: 0, delayMs: 0, end: 'none' },
  batch: { maxCalls: 1, windowMs: 2 },
  balance: { strategy: 'round-robin', stickyBy: 'session' },
  failover: [],
  cost: 1,
};

/**
 * The two parts of `server.tool`, both of which may hold dots: the longest server counts.
 *
 * @returns `undefined` where it names no server.
 */
export function serverAndTool(
  text: string,
  isServer: (name: string) => boolean,
): { readonly server: string; readonly tool: string } | undefined {
  for (let dot = text.lastIndexOf('.'); dot > 0; dot = text.lastIndexOf('.', dot - 1)) {
    const server = text.slice(0, dot);
    if (isServer(server) && dot + 1 < text.length) return { server, tool: text.slice(dot + 1) };
  }
  return undefined;
}
