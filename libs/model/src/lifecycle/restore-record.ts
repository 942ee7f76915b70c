import {
  GATEWAY_ERRORS,
  type Era,
  type GatewayErrorCode,
  type LifecycleSettings,
  type Millis,
} from '@omni/ports';
import {
  type AfterDrain,
  type DisabledBy,
  type ErrorFacts,
  NO_HISTORY,
  type Outage,
  type UpstreamHistory,
  type UpstreamRecord,
  type UpstreamState,
} from './upstream-state.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface RestoreCircumstances {
  /** Wall clock. */
  readonly now: Millis;
  /** When the record was written, on the wall clock of then. */
  readonly writtenAt: Millis;
  readonly settings: LifecycleSettings;
}

/** A bound for what is counted: more says nothing new. */
const MAX_COUNT = 1_000_000;
const MAX_TIME = Number.MAX_SAFE_INTEGER;
const DISABLED_BY: readonly string[] = [
  'admin',
  'configuration',
  'missing_env',
  'feature_flag',
  'auto_downtime',
  'auto_cycles',
  'quarantine',
] satisfies readonly DisabledBy[];

/**
 * A record that was kept, as far as it can be believed: no time lies in the future but the next attempt,
 * which is at most the longest wait away, whatever the record says and however the clock was set meanwhile.
 *
 * An outage does not count while nothing of Omni ran: it stands still from when the record was written until
 * it takes `restored`.
 *
 * @param kept - What JSON gave.
 * @returns `undefined` for what is no record at all.
 */
export function restoreRecord(kept: unknown, at: RestoreCircumstances): UpstreamRecord | undefined {
  if (!isObject(kept)) return undefined;
  const state = stateOf(kept['state'], at.now, at.settings);
  return state === undefined ? undefined : { state, history: historyOf(kept['history'], at) };
}

function stateOf(kept: unknown, now: Millis, settings: LifecycleSettings): UpstreamState | undefined {
  if (!isObject(kept)) return undefined;
  const since = within(kept['since'], 0, now, now);
  const error = errorOf(kept['error']);
  switch (kept['phase']) {
    case 'stopped':
      return { phase: 'stopped', since };
    case 'asleep':
      return { phase: 'asleep', since };
    case 'disabled':
      return { phase: 'disabled', since, by: disabledByOf(kept['by']), reason: textOf(kept['reason']) };
    case 'starting':
      return { phase: 'starting', since, isTrial: kept['isTrial'] === true };
    case 'ready':
      return {
        phase: 'ready',
        since,
        era: eraOf(kept['era']),
        isTrial: kept['isTrial'] === true,
        isListed: kept['isListed'] === true,
        hasListProblem: kept['hasListProblem'] === true,
        misses: countOf(kept['misses']),
        probeAt:
          kept['probeAt'] === null ? null : within(kept['probeAt'], now, now + longestProbeMs(settings), now),
      };
    case 'misconfigured':
      return error === null
        ? { phase: 'starting', since, isTrial: false }
        : { phase: 'misconfigured', since, error };
    case 'login': {
      if (error === null) return { phase: 'starting', since, isTrial: false };
      const nextAttemptAt = within(kept['nextAttemptAt'], now, now + longestWaitMs(settings), now);
      return { phase: 'login', since, error, nextAttemptAt };
    }
    case 'down': {
      // Without a record of what is wrong there is nothing to wait for.
      if (error === null) return { phase: 'starting', since, isTrial: false };
      const nextAttemptAt = within(kept['nextAttemptAt'], now, now + longestWaitMs(settings), now);
      const circuit =
        kept['circuit'] === 'failures' || kept['circuit'] === 'flapping' ? kept['circuit'] : null;
      return { phase: 'down', since, error, nextAttemptAt, circuit };
    }
    case 'draining':
      return { phase: 'draining', since, until: now, next: afterOf(kept['next']) };
    default:
      return undefined;
  }
}

function longestWaitMs({ breaker, restart }: LifecycleSettings): Millis {
  return Math.max(breaker.maxTimeoutMs, breaker.recoveryTimeoutMs, ...restart.stepsMs);
}

function longestProbeMs({ probe }: LifecycleSettings): Millis {
  return Math.max(probe.intervalMs * (1 + probe.jitter), probe.confirmMs);
}

function historyOf(kept: unknown, at: RestoreCircumstances): UpstreamHistory {
  const { now, settings } = at;
  const { restart } = settings;
  if (!isObject(kept)) return NO_HISTORY;
  const falls = Array.isArray(kept['falls']) ? kept['falls'] : [];
  return {
    consecutiveFailures: countOf(kept['consecutiveFailures']),
    rung: Math.min(countOf(kept['rung']), Math.max(restart.stepsMs.length - 1, 0)),
    opens: countOf(kept['opens']),
    failedCycles: countOf(kept['failedCycles']),
    falls: falls.slice(-restart.flapFalls).map((fall: unknown) => within(fall, 0, now, now)),
    outage: outageOf(kept['outage'], at),
    totalDowntimeMs: within(kept['totalDowntimeMs'], 0, MAX_TIME, 0),
    lastAttemptAt: timeOf(kept['lastAttemptAt'], now),
    lastSeenAt: timeOf(kept['lastSeenAt'], now),
    lastError: errorOf(kept['lastError']),
  };
}

function outageOf(kept: unknown, { now, writtenAt, settings }: RestoreCircumstances): Outage | null {
  if (!isObject(kept)) return null;
  const { runningSince } = kept;
  const ran = typeof runningSince === 'number' ? within(writtenAt - runningSince, 0, MAX_TIME, 0) : 0;
  const accruedMs = within(kept['accruedMs'], 0, MAX_TIME, 0) + ran;
  const { disableAfterMs } = settings.breaker;
  return {
    startedAt: within(kept['startedAt'], 0, now, now),
    // No damaged number ends what was tried until a moment ago: the next failure decides.
    accruedMs: disableAfterMs > 0 ? Math.min(accruedMs, disableAfterMs) : accruedMs,
    runningSince: null,
  };
}

function timeOf(value: unknown, now: Millis): Millis | null {
  return typeof value === 'number' && !Number.isNaN(value) ? within(value, 0, now, now) : null;
}

function errorOf(value: unknown): ErrorFacts | null {
  if (!isObject(value) || !isCode(value['code'])) return null;
  return { code: value['code'], message: textOf(value['message']), hint: textOf(value['hint']) };
}

function afterOf(value: unknown): AfterDrain {
  if (!isObject(value)) return { phase: 'stopped' };
  const { phase } = value;
  if (phase === 'disabled') return { phase, by: disabledByOf(value['by']), reason: textOf(value['reason']) };
  return phase === 'starting' || phase === 'asleep' ? { phase } : { phase: 'stopped' };
}

function disabledByOf(value: unknown): DisabledBy {
  // Holds: it has been found among them.
  return typeof value === 'string' && DISABLED_BY.includes(value) ? (value as DisabledBy) : 'admin';
}

function eraOf(value: unknown): Era {
  return value === 'modern' ? 'modern' : 'legacy';
}

function countOf(value: unknown): number {
  return Math.floor(within(value, 0, MAX_COUNT, 0));
}

/** @param otherwise - For what is no number. */
function within(value: unknown, least: number, most: number, otherwise: number): number {
  if (typeof value !== 'number' || Number.isNaN(value)) return otherwise;
  return Math.min(Math.max(value, least), most);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isCode(value: unknown): value is GatewayErrorCode {
  return typeof value === 'string' && Object.hasOwn(GATEWAY_ERRORS, value);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
