import type { Millis } from '@omni/ports';
import { disableAtOf, endOutage, inWords, outageMs, pauseOutage, runOutage } from './outage.ts';
import { becomes, type Circumstances, type Transition } from './circumstances.ts';
import type { Fall, LifecycleNote, ReadyState, UpstreamHistory, UpstreamRecord } from './upstream-state.ts';

/** The shared connection broke: a fall of what was well, or one more failed attempt. */
export function lost(
  record: UpstreamRecord,
  state: ReadyState,
  fall: Fall,
  at: Circumstances,
  reason: string = fall.error.code,
): Transition {
  if (!state.isListed) return failed(record, fall, state.isTrial, at);
  const livedMs = at.now - state.since;
  const { restart } = at.settings;
  const recent = recentFalls(record.history, at);
  // Whoever refuses credentials, or is taken away, does not flap.
  const falls = fall.nature === 'failure' ? [...recent, at.now].slice(-restart.flapFalls) : recent;
  const isStable = /* guard: lifecycle/stable */ livedMs >= restart.stableMs;
  const history: UpstreamHistory = {
    ...record.history,
    rung: isStable ? 0 : record.history.rung,
    opens: isStable ? 0 : record.history.opens,
    falls,
  };
  return goDown(
    { ...record, history },
    fall,
    /* guard: lifecycle/flapping */ falls.length >= restart.flapFalls ? 'flapping' : null,
    at,
    reason,
  );
}

/** An attempt failed. */
export function failed(record: UpstreamRecord, fall: Fall, isTrial: boolean, at: Circumstances): Transition {
  const { history } = record;
  // The failure that begins an outage starts the counter; each failed attempt to recover adds one. A login
  // and a missing command are no failures of the server.
  if (history.outage === null || /* guard: lifecycle/login-not-counted */ fall.nature !== 'failure')
    return goDown(record, fall, null, at, fall.error.code);
  const counted: UpstreamHistory = {
    ...history,
    consecutiveFailures: history.consecutiveFailures + 1,
    failedCycles: history.failedCycles + (isTrial ? 1 : 0),
  };
  const { disableAfterCycles, failureThreshold } = at.settings.breaker;
  if (isTrial && disableAfterCycles > 0 && counted.failedCycles >= disableAfterCycles)
    return autoDisable({ ...record, history: withError(counted, fall) }, 'auto_cycles', at);
  const steps = at.settings.restart.stepsMs.length;
  const limit = steps === 0 ? failureThreshold : Math.min(failureThreshold, steps);
  const opens =
    /* guard: lifecycle/trial-reopens */ isTrial ||
    /* guard: lifecycle/threshold */ counted.consecutiveFailures >= limit;
  return goDown({ ...record, history: counted }, fall, opens ? 'failures' : null, at, fall.error.code);
}

function goDown(
  record: UpstreamRecord,
  fall: Fall,
  circuit: 'failures' | 'flapping' | null,
  at: Circumstances,
  reason: string,
): Transition {
  const { now } = at;
  const { error } = fall;
  const wasWell = record.state.phase === 'ready' && record.state.isListed;
  const isFirst = wasWell || record.history.outage === null;
  const fallen: LifecycleNote = { kind: 'disconnected', reason, error };
  if (fall.nature === 'login') {
    const history = withError(pauseOutage(record.history, now), fall);
    const notes: LifecycleNote[] = [...(wasWell ? [fallen] : []), { kind: 'login_required', error }];
    const nextAttemptAt = now + Math.max(fall.pauseMs, at.settings.breaker.maxTimeoutMs);
    return becomes({ ...record, history }, { phase: 'login', since: now, error, nextAttemptAt }, [], notes);
  }
  if (fall.nature === 'misconfigured') {
    const history = withError(pauseOutage(record.history, now), fall);
    return becomes(
      { ...record, history },
      { phase: 'misconfigured', since: now, error },
      [],
      [...(wasWell ? [fallen] : []), { kind: 'misconfigured', reason: error.code, error }],
    );
  }
  const history = withError(runOutage(record.history, now), fall);
  const started = { ...record, history };
  if (/* guard: lifecycle/overdue */ disableAtOf(history.outage, at.settings) <= now)
    return autoDisable(started, 'auto_downtime', at);
  const { waitMs, next } = wait(history, circuit, at);
  const waits = Math.round(Math.max(waitMs, fall.pauseMs));
  const notes: LifecycleNote[] = isFirst ? [{ ...fallen, recoveryEtaMs: waits }] : [];
  if (circuit !== null) notes.push({ kind: 'circuit_opened', reason: circuit, error, recoveryEtaMs: waits });
  return becomes(
    { ...record, history: next },
    {
      phase: 'down',
      since: now,
      error,
      nextAttemptAt: now + /* guard: process/restart, restart/used */ waits,
      circuit,
    },
    [],
    notes,
  );
}

/** How long until the next attempt, and what is remembered of having waited. */
function wait(
  history: UpstreamHistory,
  circuit: string | null,
  { random, settings: { breaker, restart } }: Circumstances,
): { readonly waitMs: Millis; readonly next: UpstreamHistory } {
  if (circuit !== null) {
    const longer = breaker.recoveryTimeoutMs * breaker.backoffMultiplier ** history.opens;
    const waitMs = Math.min(longer, breaker.maxTimeoutMs);
    // Further counting would change nothing, and might overflow.
    return { waitMs, next: { ...history, opens: waitMs < longer ? history.opens : history.opens + 1 } };
  }
  const { stepsMs, jitter } = restart;
  const step = stepsMs[Math.min(history.rung, stepsMs.length - 1)] ?? breaker.recoveryTimeoutMs;
  const rung = Math.min(history.rung + 1, Math.max(stepsMs.length - 1, 0));
  return { waitMs: step * (1 + jitter * random), next: { ...history, rung } };
}

export function autoDisable(
  record: UpstreamRecord,
  by: 'auto_downtime' | 'auto_cycles',
  { now }: Circumstances,
): Transition {
  const reason =
    by === 'auto_downtime'
      ? `it was down for ${inWords(outageMs(record.history.outage, now))}`
      : `${record.history.failedCycles} trials failed in a row`;
  const error = record.history.lastError;
  return becomes(
    { ...record, history: endOutage(record.history, now) },
    { phase: 'disabled', since: now, by, reason },
    // Instances of clients may run without the shared connection.
    [{ kind: 'close' }],
    [{ kind: 'auto_disabled', reason: by, ...(error !== null && { error }) }],
  );
}

export function recentFalls({ falls }: UpstreamHistory, { now, settings }: Circumstances): readonly Millis[] {
  return falls.filter((at) => now - at < settings.restart.stableMs);
}

function withError(history: UpstreamHistory, { error }: Fall): UpstreamHistory {
  return { ...history, lastError: error };
}
