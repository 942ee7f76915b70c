import type { Era, GatewayErrorCode, Millis } from '@omni/ports';
import type { BackoffRecord } from '../connection/backoff.ts';

/** A failure as it is kept: no stack, no cause, no secret. */
export interface ErrorFacts {
  readonly code: GatewayErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** What a draining upstream becomes. */
export type AfterDrain =
  | { readonly phase: 'stopped' }
  | { readonly phase: 'disabled'; readonly reason: string }
  | { readonly phase: 'starting' };

/**
 * Where an upstream is in its life: plain data, equal to itself after a round trip through JSON. Times are of
 * the wall clock.
 *
 * - `stopped`: nothing of it runs, and nothing is tried.
 * - `starting`: one attempt to connect is under way.
 * - `ready`: the shared connection is open; calls are taken.
 * - `down`: no shared connection; the next attempt is at `nextRetryAt`.
 * - `draining`: no new calls; those under way may end by `until`, and what follows is `next`.
 * - `disabled`: somebody wants it off.
 */
export type UpstreamState =
  | { readonly phase: 'stopped'; readonly since: Millis }
  | { readonly phase: 'disabled'; readonly since: Millis; readonly reason: string }
  | {
      readonly phase: 'starting';
      readonly since: Millis;
      readonly backoff: BackoffRecord;
      readonly lastError: ErrorFacts | null;
    }
  | {
      readonly phase: 'ready';
      readonly since: Millis;
      readonly era: Era;
      readonly backoff: BackoffRecord;
      readonly lastError: ErrorFacts | null;
    }
  | {
      readonly phase: 'down';
      readonly since: Millis;
      readonly backoff: BackoffRecord;
      readonly lastError: ErrorFacts;
      readonly nextRetryAt: Millis;
    }
  | {
      readonly phase: 'draining';
      readonly since: Millis;
      readonly until: Millis;
      readonly next: AfterDrain;
    };

/** Why there is no connection. */
export interface Fall {
  readonly error: ErrorFacts;
  /** For how long the server wants to be left alone, at least; 0 where it did not say. */
  readonly pauseMs: Millis;
}

/** What happens to an upstream, or is wanted of it: plain data. */
export type UpstreamEvent =
  | { readonly kind: 'started' }
  /** Running calls may take until then; a time in the past ends them at once. */
  | { readonly kind: 'ended'; readonly until: Millis }
  | { readonly kind: 'enabled' }
  | { readonly kind: 'disabled'; readonly reason: string; readonly until: Millis }
  /** The attempt has led to a connection, or another one has taken the place of the one that was open. */
  | { readonly kind: 'connected'; readonly era: Era }
  | ({ readonly kind: 'connectFailed' } & Fall)
  | ({ readonly kind: 'connectionLost' } & Fall)
  /** What may have made attempts fail is another by now: the next one need not wait. */
  | { readonly kind: 'renewed' }
  /** The time that was asked for by `schedule` has come. */
  | { readonly kind: 'due' }
  /** Nothing runs any more that `drain` waits for. */
  | { readonly kind: 'drained' }
  /** The state was kept, and everything else of the process that kept it is gone. */
  | { readonly kind: 'restored' };

/** What is to be done, in this order. */
export type UpstreamCommand =
  /** One attempt; its outcome is `connected` or `connectFailed`. */
  | { readonly kind: 'connect' }
  /** Gives the attempt up; it has no outcome then. */
  | { readonly kind: 'abort' }
  /** Takes no more calls, and tells `drained` when none is under way. */
  | { readonly kind: 'drain' }
  /** Ends every connection, and what runs on them. */
  | { readonly kind: 'close' }
  /** Tells `due` at this time. There is one such time; a new one takes the place of the old one. */
  | { readonly kind: 'schedule'; readonly at: Millis }
  | { readonly kind: 'unschedule' };
