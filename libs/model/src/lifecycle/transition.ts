import type { Millis } from '@omni/ports';
import { isCircuitOpen, isDegraded, waitsForBetter } from './phases.ts';
import { autoDisable, failed, lost, recentFalls } from './falling.ts';
import { becomes, stays, type Circumstances, type Transition } from './circumstances.ts';
import { disableAtOf, endOutage, outageMs, pauseOutage, runOutage } from './outage.ts';
import { shifted } from './shifted-record.ts';
import type {
  AfterDrain,
  DisabledBy,
  Fall,
  LifecycleNote,
  ReadyState,
  UpstreamCommand,
  UpstreamEvent,
  UpstreamHistory,
  UpstreamRecord,
  UpstreamState,
} from './upstream-state.ts';
import { NO_HISTORY } from './upstream-state.ts';

/**
 * The life cycle of an upstream (requirements 3.5): what an event makes of a record, and what is to be done
 * then.
 *
 * A pure function of plain data, so that whoever owns the record can apply it, log it, store it and repeat
 * it. An event that a state has no use for changes nothing: facts may be late. Time is kept by whoever owns
 * the record, by `dueAt`.
 */
export function transition(record: UpstreamRecord, event: UpstreamEvent, at: Circumstances): Transition {
  const next = eventful(record, event, at);
  const { state } = next.record;
  if (!isCircuitOpen(record.state) || isCircuitOpen(state)) return next;
  const isWell = state.phase === 'ready' && state.isListed;
  const closed: LifecycleNote = { kind: 'circuit_closed', ...(!isWell && { reason: state.phase }) };
  return { ...next, notes: [...next.notes, closed] };
}

function eventful(record: UpstreamRecord, event: UpstreamEvent, at: Circumstances): Transition {
  const { state } = record;
  switch (event.kind) {
    case 'started':
      return started(record, event.isAsleep === true, at);
    case 'ended':
      return ended(record, event.until, at);
    case 'enabled':
      return enabled(record, event.byDefinition === true, at);
    case 'disabled':
      return disabled(record, event, at);
    case 'connected':
      return connected(record, event.era, at);
    case 'connectFailed':
      return state.phase === 'starting' ? failed(record, event, state.isTrial, at) : stays(record);
    case 'connectionLost':
      return state.phase === 'ready' ? lost(record, state, event, at) : stays(record);
    case 'listed':
      return state.phase === 'ready' ? listed(record, state, event.hasProblem, at) : stays(record);
    case 'probed':
      return state.phase === 'ready' ? probed(record, state, at) : stays(record);
    case 'probeMissed':
      return state.phase === 'ready' ? probeMissed(record, state, event.isBusy, at) : stays(record);
    case 'silent':
      return state.phase === 'ready' && state.probeAt !== null ? probe(record, state) : stays(record);
    case 'renewed':
      return waitsForBetter(state) ? connect(record, at) : stays(record);
    case 'retried':
      return waitsForBetter(state) || state.phase === 'asleep' ? connect(record, at) : stays(record);
    case 'wanted':
      return wanted(record, at);
    case 'idle':
      return state.phase === 'ready' ? drain(record, { phase: 'asleep' }, event.until, at) : stays(record);
    case 'redefined':
      return redefined(record, at);
    case 'repaired':
      return state.phase === 'misconfigured' ? connect(record, at) : stays(record);
    case 'due':
      return due(record, at);
    case 'drained':
      return state.phase === 'draining' ? finish(record, state.next, at) : stays(record);
    case 'shifted':
      return { record: shifted(record, event.byMs), commands: [], notes: [] };
    case 'restored':
      return restored(record, at);
  }
}

/** What definitions say: another one may say otherwise. */
const BY_DEFINITION: ReadonlySet<DisabledBy> = new Set<DisabledBy>([
  'configuration',
  'missing_env',
  'feature_flag',
]);
/** What nobody has asked for. */
const AUTOMATIC: ReadonlySet<DisabledBy> = new Set<DisabledBy>(['auto_downtime', 'auto_cycles']);

function started(record: UpstreamRecord, isAsleep: boolean, at: Circumstances): Transition {
  const { state } = record;
  if (state.phase === 'stopped')
    return isAsleep ? becomes(record, { phase: 'asleep', since: at.now }) : connect(record, at);
  // It was to end, and is wanted again before it has.
  if (state.phase === 'draining' && state.next.phase === 'stopped')
    return becomes(record, { ...state, next: { phase: 'starting' } });
  return stays(record);
}

/** Omni stops, or has no use for it any more: who is off stays off. */
function ended(record: UpstreamRecord, until: Millis, at: Circumstances): Transition {
  const { state } = record;
  // guard: lifecycle/end-keeps-disabled
  if (state.phase === 'disabled') return stays(record);
  if (state.phase === 'stopped') return stays(record);
  const isGoingOff = state.phase === 'draining' && state.next.phase === 'disabled';
  const next = /* guard: lifecycle/end-keeps-disabling */ isGoingOff
    ? state.next
    : ({ phase: 'stopped' } as const);
  return drain(record, next, until, at);
}

/** A call needs it. */
function wanted(record: UpstreamRecord, at: Circumstances): Transition {
  const { state } = record;
  if (state.phase === 'asleep') return connect(record, at);
  // Whoever has not closed its connection yet goes on with it.
  // guard: lifecycle/wanted-again
  if (state.phase === 'draining' && state.next.phase === 'asleep') {
    const again = connect(record, at);
    return { ...again, notes: [...stopNotes(state.next), ...again.notes] };
  }
  return stays(record);
}

/** @param byDefinition - Whether the definition says so, which lifts only what definitions have said. */
function enabled(record: UpstreamRecord, byDefinition: boolean, at: Circumstances): Transition {
  const { state } = record;
  const off = disablingOf(state);
  // guard: lifecycle/admin-only
  if (off === undefined || (byDefinition && !BY_DEFINITION.has(off.by))) return stays(record);
  const forgiven = { ...record, history: forgiveness(record.history, at.now) };
  const next: UpstreamState =
    state.phase === 'draining'
      ? { ...state, next: { phase: 'stopped' } }
      : { phase: 'stopped', since: at.now };
  return becomes(forgiven, next, [], enabledNotes(off.by));
}

/** Who has it off, or is about to. */
function disablingOf(state: UpstreamState): Extract<AfterDrain, { readonly phase: 'disabled' }> | undefined {
  if (state.phase === 'disabled') return state;
  return state.phase === 'draining' && state.next.phase === 'disabled' ? state.next : undefined;
}

function enabledNotes(by: string): readonly LifecycleNote[] {
  return [{ kind: 'manually_enabled', reason: by }];
}

function disabled(
  record: UpstreamRecord,
  event: Extract<UpstreamEvent, { readonly kind: 'disabled' }>,
  at: Circumstances,
): Transition {
  const { by, reason, until } = event;
  const off = disablingOf(record.state);
  // What an admin has switched off stays so, whatever else wants it off.
  // guard: lifecycle/admin-first
  if (off?.by === 'admin' && by !== 'admin') return stays(record);
  const isSaid = off?.by === by && off.reason === reason;
  if (record.state.phase === 'disabled' && isSaid) return stays(record);
  const done = drain(record, { phase: 'disabled', by, reason }, until, at);
  if (isSaid) return done;
  return { ...done, notes: [...done.notes, { kind: 'manually_disabled', reason: by }] };
}

function connected(record: UpstreamRecord, era: ReadyState['era'], at: Circumstances): Transition {
  const { state, history } = record;
  if (state.phase !== 'starting' && state.phase !== 'ready') return stays(record);
  const ready: ReadyState = {
    phase: 'ready',
    since: at.now,
    era,
    isTrial: state.isTrial,
    isListed: false,
    hasListProblem: false,
    misses: 0,
    probeAt: nextProbeAt(at),
  };
  const isReplacement = state.phase === 'ready';
  return becomes(
    { ...record, history: { ...history, lastSeenAt: at.now } },
    // What another connection took the place of was well: its lists stay meanwhile.
    isReplacement ? { ...ready, isListed: state.isListed } : ready,
    [],
    isReplacement ? [] : [{ kind: 'started' }],
  );
}

/** It is well: what is counted of the outage ends. */
function listed(
  record: UpstreamRecord,
  state: ReadyState,
  hasProblem: boolean,
  at: Circumstances,
): Transition {
  if (state.isListed) return degrade(record, { ...state, hasListProblem: hasProblem }, 'lists');
  const { history } = record;
  const wasOut = history.outage !== null;
  const notes: LifecycleNote[] = [{ kind: 'connected' }];
  if (wasOut) notes.push({ kind: 'recovery_success', downtimeMs: outageMs(history.outage, at.now) });
  if (hasProblem) notes.push({ kind: 'degraded', reason: 'lists' });
  const isFlapping = recentFalls(history, at).length >= at.settings.restart.flapFalls;
  return becomes(
    {
      ...record,
      history: {
        ...endOutage(history, at.now),
        consecutiveFailures: 0,
        failedCycles: 0,
        // Whoever keeps falling waits longer each time.
        opens: isFlapping ? history.opens : 0,
        lastSeenAt: at.now,
      },
    },
    { ...state, isListed: true, hasListProblem: hasProblem },
    [],
    notes,
  );
}

function degrade(record: UpstreamRecord, next: ReadyState, reason: string): Transition {
  const was = record.state.phase === 'ready' && isDegraded(record.state);
  if (isEqual(record.state, next)) return stays(record);
  return becomes(record, next, [], !was && isDegraded(next) ? [{ kind: 'degraded', reason }] : []);
}

function probe(record: UpstreamRecord, state: ReadyState): Transition {
  return becomes(record, { ...state, probeAt: null }, [{ kind: 'probe' }]);
}

function probed(record: UpstreamRecord, state: ReadyState, at: Circumstances): Transition {
  const history = { ...record.history, lastSeenAt: at.now };
  return becomes({ ...record, history }, { ...state, misses: 0, probeAt: nextProbeAt(at) });
}

function probeMissed(
  record: UpstreamRecord,
  state: ReadyState,
  isBusy: boolean,
  at: Circumstances,
): Transition {
  const { softMisses, graceMs, confirmMs } = at.settings.probe;
  const misses = state.misses + 1;
  const isSilent = misses >= softMisses && /* guard: lifecycle/busy-degrades */ !isBusy;
  if (isSilent && /* guard: lifecycle/grace */ at.now - state.since >= graceMs) {
    const error: Fall['error'] = {
      code: 'OMNI_UPSTREAM_TIMEOUT',
      message: `The server did not answer ${misses} probes in a row`,
      hint: 'It is alive but hangs, or refuses what it is asked: look at what it wrote last, or raise the timeout of its probes.',
    };
    const fell = lost(record, state, { error, pauseMs: 0, nature: 'failure' }, at, 'probes');
    return { ...fell, commands: [{ kind: 'cut', error }, ...fell.commands] };
  }
  return degrade(record, { ...state, misses, probeAt: at.now + confirmMs }, 'probes');
}

function nextProbeAt({ now, random, settings: { probe: settings } }: Circumstances): Millis | null {
  if (settings.intervalMs === 0) return null;
  return now + Math.round(settings.intervalMs * (1 + settings.jitter * (2 * random - 1)));
}

function connect(record: UpstreamRecord, { now }: Circumstances): Transition {
  const { state, history } = record;
  const wasTrial = state.phase === 'starting' || (state.phase === 'ready' && !state.isListed);
  const isTrial = wasTrial ? state.isTrial : state.phase === 'down' && state.circuit !== null;
  return becomes(
    { ...record, history: { ...history, lastAttemptAt: now } },
    { phase: 'starting', since: now, isTrial },
    [{ kind: 'connect' }],
    history.outage === null ? [] : [{ kind: 'recovery_attempt', attempt: history.consecutiveFailures + 1 }],
  );
}

function redefined(record: UpstreamRecord, at: Circumstances): Transition {
  const { state, history } = record;
  const forgiven: UpstreamRecord = {
    state: redefinedState(state, at),
    history: forgiveness(history, at.now),
  };
  // guard: lifecycle/rearmed
  if (state.phase === 'disabled' && AUTOMATIC.has(state.by)) return connect(forgiven, at);
  // What waited for the circuit is no trial either: the attempt is of another definition.
  if (waitsForBetter(state)) return connect({ ...forgiven, state: { phase: 'stopped', since: at.now } }, at);
  return stays(isEqual(forgiven, record) ? record : forgiven);
}

function redefinedState(state: UpstreamState, at: Circumstances): UpstreamState {
  // Nothing is left that a trial would be of.
  if (state.phase === 'starting') return { ...state, isTrial: false };
  if (state.phase !== 'ready') return state;
  // Probes may be switched on or off, or be due sooner.
  const nextAt = nextProbeAt(at);
  const probeAt = nextAt === null ? null : Math.min(nextAt, state.probeAt ?? nextAt);
  return { ...state, isTrial: false, probeAt };
}

/** Nothing of what has failed counts any more; downtime that was is kept. */
function forgiveness(history: UpstreamHistory, now: Millis): UpstreamHistory {
  const { totalDowntimeMs, lastAttemptAt, lastSeenAt } = endOutage(history, now);
  return { ...NO_HISTORY, totalDowntimeMs, lastAttemptAt, lastSeenAt };
}

function due(record: UpstreamRecord, at: Circumstances): Transition {
  const { state, history } = record;
  switch (state.phase) {
    case 'ready':
      return state.probeAt === null ? stays(record) : probe(record, state);
    case 'down':
      // Of the two times that `dueAt` chooses from it is the earlier one, however early a timer has fired.
      return disableAtOf(history.outage, at.settings) <= Math.max(at.now, state.nextAttemptAt)
        ? autoDisable(record, 'auto_downtime', at)
        : connect(record, at);
    case 'login':
      return connect(record, at);
    case 'starting': {
      if (disableAtOf(history.outage, at.settings) > at.now) return stays(record);
      const off = autoDisable(record, 'auto_downtime', at);
      return { ...off, commands: [{ kind: 'abort' }, ...off.commands] };
    }
    case 'draining':
      return finish(record, state.next, at);
    default:
      return stays(record);
  }
}

function restored(record: UpstreamRecord, at: Circumstances): Transition {
  const { state, history } = record;
  switch (state.phase) {
    case 'stopped':
    case 'disabled':
    case 'asleep':
      return stays({ ...record, history: pauseOutage(history, at.now) });
    case 'starting':
    case 'ready':
      return connect(
        history.outage === null ? record : { ...record, history: runOutage(history, at.now) },
        at,
      );
    case 'login':
    case 'misconfigured':
      return connect(record, at);
    case 'down':
      return becomes({ ...record, history: runOutage(history, at.now) }, state);
    case 'draining':
      // What it waited for has ended with its process.
      return finish(record, state.next, at);
  }
}

/** @param next - What follows when nothing runs any more, or at `until`. */
function drain(record: UpstreamRecord, next: AfterDrain, until: Millis, at: Circumstances): Transition {
  const { state } = record;
  const { now } = at;
  const isOver = until <= now;
  const before: readonly UpstreamCommand[] = state.phase === 'starting' ? [{ kind: 'abort' }] : [];
  const paused = { ...record, history: pauseOutage(record.history, now) };
  switch (state.phase) {
    case 'stopped':
    case 'disabled':
      return becomes(paused, afterDrain(next, now));
    case 'asleep':
      return becomes(paused, afterDrain(next, now), [], stopNotes(next));
    case 'misconfigured':
    case 'login':
    case 'starting':
    case 'ready':
    case 'down':
      if (isOver) return finish(paused, next, at, before);
      return becomes(paused, { phase: 'draining', since: now, until, next }, [...before, { kind: 'drain' }]);
    case 'draining':
      if (isOver) return finish(record, next, at);
      return becomes(record, { ...state, until: Math.min(until, state.until), next });
  }
}

function finish(
  record: UpstreamRecord,
  next: AfterDrain,
  at: Circumstances,
  before: readonly UpstreamCommand[] = [],
): Transition {
  const state = afterDrain(next, at.now);
  if (state.phase !== 'starting')
    return becomes(record, state, [...before, { kind: 'close' }], stopNotes(next));
  const history = { ...record.history, lastAttemptAt: at.now };
  return becomes(
    { ...record, history },
    state,
    [...before, { kind: 'close' }, { kind: 'connect' }],
    stopNotes(next),
  );
}

function stopNotes(next: AfterDrain): readonly LifecycleNote[] {
  if (next.phase === 'stopped') return [{ kind: 'stopped', reason: 'shutdown' }];
  if (next.phase === 'asleep') return [{ kind: 'stopped', reason: 'idle' }];
  return [{ kind: 'stopped', reason: next.phase === 'disabled' ? 'disabled' : 'restart' }];
}

function afterDrain(next: AfterDrain, now: Millis): UpstreamState {
  return next.phase === 'starting'
    ? { phase: 'starting', since: now, isTrial: false }
    : { ...next, since: now };
}

/** Of records and their parts, whose members always stand in the same order. */
function isEqual<T>(a: T, b: T): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
