import type { Era, GatewayErrorCode, Millis } from '@omni/ports';

/** A failure as it is kept: no stack, no cause, no secret. */
export interface ErrorFacts {
  readonly code: GatewayErrorCode;
  readonly message: string;
  readonly hint: string;
}

/**
 * Why an upstream is disabled. `admin` alone survives a new definition; the `auto` ones are lifted by
 * one.
 */
export type DisabledBy =
  'admin' | 'configuration' | 'missing_env' | 'feature_flag' | 'auto_downtime' | 'auto_cycles' | 'quarantine';

/** What a draining upstream becomes. */
export type AfterDrain =
  | { readonly phase: 'stopped' }
  | { readonly phase: 'asleep' }
  | { readonly phase: 'disabled'; readonly by: DisabledBy; readonly reason: string }
  | { readonly phase: 'starting' };

/**
 * Where an upstream is in its life: plain data, equal to itself after a round trip through JSON. Times are of
 * the wall clock.
 *
 * - `stopped`: nothing of it runs, and nothing is tried.
 * - `asleep`: nothing of it runs because nobody needs it; it is listed, and a call starts it.
 * - `starting`: one attempt to connect is under way; a trial while the circuit is half open.
 * - `ready`: the shared connection is open; calls are taken. Well once its lists have been read.
 * - `login`: it refused its credentials, and waits for others. No downtime.
 * - `down`: no shared connection; the next attempt is at `nextAttemptAt`, a trial where the circuit is open.
 * - `misconfigured`: no attempt can succeed before its command, folder or definition is another.
 * - `draining`: no new calls; those under way may end by `until`, and what follows is `next`.
 * - `disabled`: somebody or something wants it off.
 */
export type UpstreamState =
  | { readonly phase: 'stopped'; readonly since: Millis }
  | { readonly phase: 'asleep'; readonly since: Millis }
  | { readonly phase: 'starting'; readonly since: Millis; readonly isTrial: boolean }
  | ReadyState
  | {
      readonly phase: 'login';
      readonly since: Millis;
      readonly error: ErrorFacts;
      /** Whoever refuses may change its mind without anybody here to know. */
      readonly nextAttemptAt: Millis;
    }
  | {
      readonly phase: 'down';
      readonly since: Millis;
      readonly error: ErrorFacts;
      readonly nextAttemptAt: Millis;
      /** Why attempts wait for the circuit breaker; `null` on the restart backoff. */
      readonly circuit: 'failures' | 'flapping' | null;
    }
  | { readonly phase: 'misconfigured'; readonly since: Millis; readonly error: ErrorFacts }
  | {
      readonly phase: 'draining';
      readonly since: Millis;
      readonly until: Millis;
      readonly next: AfterDrain;
    }
  | {
      readonly phase: 'disabled';
      readonly since: Millis;
      readonly by: DisabledBy;
      readonly reason: string;
    };

export interface ReadyState {
  readonly phase: 'ready';
  readonly since: Millis;
  readonly era: Era;
  /** Whether the attempt that led here was the trial of a half-open circuit. */
  readonly isTrial: boolean;
  /** Whether its lists have been read since it came up: up is not well. */
  readonly isListed: boolean;
  /** Whether a list could not be read, or not to its end. */
  readonly hasListProblem: boolean;
  /** Probes in a row that were not answered in time. */
  readonly misses: number;
  /** When the next probe is due; `null` while one is under way, or where there are none. */
  readonly probeAt: Millis | null;
}

/** A stretch of time without service. */
export interface Outage {
  readonly startedAt: Millis;
  /** What is counted up to {@link runningSince}. */
  readonly accruedMs: Millis;
  /** Since when it counts on; `null` while it does not: a login is awaited, or nothing is tried. */
  readonly runningSince: Millis | null;
}

/** What is remembered over phases. */
export interface UpstreamHistory {
  /** Failed attempts in a row: the failure that begins an outage is none. 0 once it is well again. */
  readonly consecutiveFailures: number;
  /** The next step of the restart backoff; 0 again after a stable time. */
  readonly rung: number;
  /** Waits of the circuit since it closed. */
  readonly opens: number;
  /** Trials that failed since the circuit closed. */
  readonly failedCycles: number;
  /** When it fell lately, oldest first: as many as make it flap, at most. */
  readonly falls: readonly Millis[];
  readonly outage: Outage | null;
  /** Of outages that are over. */
  readonly totalDowntimeMs: Millis;
  readonly lastAttemptAt: Millis | null;
  /** When it was last known to answer. */
  readonly lastSeenAt: Millis | null;
  readonly lastError: ErrorFacts | null;
}

/** Everything that the life cycle knows of one upstream: plain data. */
export interface UpstreamRecord {
  readonly state: UpstreamState;
  readonly history: UpstreamHistory;
}

export const NO_HISTORY: UpstreamHistory = {
  consecutiveFailures: 0,
  rung: 0,
  opens: 0,
  failedCycles: 0,
  falls: [],
  outage: null,
  totalDowntimeMs: 0,
  lastAttemptAt: null,
  lastSeenAt: null,
  lastError: null,
};

/** Why there is no connection. */
export interface Fall {
  readonly error: ErrorFacts;
  /** For how long the server wants to be left alone, at least; 0 where it did not say. */
  readonly pauseMs: Millis;
  /**
   * `login`: its credentials were refused. `misconfigured`: no further attempt can succeed, such as a missing
   * command. `failure`: anything else.
   */
  readonly nature: 'failure' | 'login' | 'misconfigured';
}

/** What happens to an upstream, or is wanted of it: plain data. */
export type UpstreamEvent =
  /** @param isAsleep - Whether it waits for the first call. */
  | { readonly kind: 'started'; readonly isAsleep?: boolean }
  /** Running calls may take until then; a time in the past ends them at once. */
  | { readonly kind: 'ended'; readonly until: Millis }
  /** @param byDefinition - Whether its definition says so: that lifts only what a definition has said. */
  | { readonly kind: 'enabled'; readonly byDefinition?: boolean }
  | {
      readonly kind: 'disabled';
      readonly by: DisabledBy;
      readonly reason: string;
      readonly until: Millis;
    }
  /** The attempt has led to a connection, or another one has taken the place of the one that was open. */
  | { readonly kind: 'connected'; readonly era: Era }
  | ({ readonly kind: 'connectFailed' } & Fall)
  | ({ readonly kind: 'connectionLost' } & Fall)
  /** Its lists have been read, or could not be. */
  | { readonly kind: 'listed'; readonly hasProblem: boolean }
  | { readonly kind: 'probed' }
  /** @param isBusy - Whether a call is under way that is still inside its deadline. */
  | { readonly kind: 'probeMissed'; readonly isBusy: boolean }
  /** A call has been silent for a while: whether the server lives is to be found now. */
  | { readonly kind: 'silent' }
  /** What may have made attempts fail is another by now: the next one need not wait. */
  | { readonly kind: 'renewed' }
  /** Somebody does not want to wait for the next attempt. */
  | { readonly kind: 'retried' }
  /** A call needs it. */
  | { readonly kind: 'wanted' }
  /** Nobody has needed it for as long as its definition says. */
  | { readonly kind: 'idle'; readonly until: Millis }
  /** Its definition is another: what failed before says nothing. */
  | { readonly kind: 'redefined' }
  /** What made it misconfigured is no longer there. */
  | { readonly kind: 'repaired' }
  /** The time of {@link dueAt} has come. */
  | { readonly kind: 'due' }
  /** Nothing runs any more that `drain` waits for. */
  | { readonly kind: 'drained' }
  /** The machine slept, or its wall clock was set: all times shift by this. */
  | { readonly kind: 'shifted'; readonly byMs: Millis }
  /** The record was kept, and everything else of the process that kept it is gone. */
  | { readonly kind: 'restored' };

/** What is to be done, in this order. */
export type UpstreamCommand =
  /** One attempt; its outcome is `connected` or `connectFailed`. A connection that is still open is kept. */
  | { readonly kind: 'connect' }
  /** Gives the attempt up; it has no outcome then. */
  | { readonly kind: 'abort' }
  /** Asks whether it lives; the outcome is `probed`, `probeMissed` or `connectionLost`. */
  | { readonly kind: 'probe' }
  /** Ends the shared connection with its process tree; calls on it fail. */
  | { readonly kind: 'cut'; readonly error: ErrorFacts }
  /** Takes no more calls, and tells `drained` when none is under way. */
  | { readonly kind: 'drain' }
  /** Ends every connection, and what runs on them. */
  | { readonly kind: 'close' };

/** The event types of `mcp_health_log` (S001-DB-06) and those that Omni adds. */
export const NOTE_KINDS = [
  'connected',
  'disconnected',
  'recovery_attempt',
  'recovery_success',
  'circuit_opened',
  'circuit_closed',
  'manually_disabled',
  'manually_enabled',
  'auto_disabled',
  'started',
  'stopped',
  'degraded',
  'misconfigured',
  'login_required',
] as const;

export type NoteKind = (typeof NOTE_KINDS)[number];

/** Something worth remembering about one transition, in the order in which it happened. */
export interface LifecycleNote {
  readonly kind: NoteKind;
  /** Machine-readable: `flapping`, `failures`, `shutdown`, `idle`, `probes`, the code of an error, … */
  readonly reason?: string;
  readonly error?: ErrorFacts;
  /** Of attempts to recover: which one it is, from 1. */
  readonly attempt?: number;
  /** Until the next attempt (R-04: always the computed time). */
  readonly recoveryEtaMs?: Millis;
  /** How long the outage was that is over. */
  readonly downtimeMs?: Millis;
}
