import type { Millis } from '@omni/ports';
import { backoffStep, NO_FAILURES } from '../connection/backoff.ts';
import type { AfterDrain, Fall, UpstreamCommand, UpstreamEvent, UpstreamState } from './upstream-state.ts';

/** What a transition may not find out for itself. */
export interface Circumstances {
  /** Wall clock. */
  readonly now: Millis;
  /** Uniform in 0 ≤ x < 1. */
  readonly random: number;
}

export interface Transition {
  readonly state: UpstreamState;
  readonly commands: readonly UpstreamCommand[];
}

/**
 * The life cycle of an upstream: what an event makes of a state, and what is to be done then.
 *
 * A pure function of plain data, so that whoever owns the record can apply it, log it, store it and repeat
 * it. An event that a state has no use for changes nothing: facts may be late.
 */
export function transition(state: UpstreamState, event: UpstreamEvent, at: Circumstances): Transition {
  switch (event.kind) {
    case 'started':
      return started(state, at.now);
    case 'ended':
      return state.phase === 'stopped' || state.phase === 'disabled'
        ? stays(state)
        : drain(state, { phase: 'stopped' }, event.until, at.now);
    case 'enabled':
      return enabled(state, at.now);
    case 'disabled':
      return drain(state, { phase: 'disabled', reason: event.reason }, event.until, at.now);
    case 'connected': {
      if (state.phase !== 'starting' && state.phase !== 'ready') return stays(state);
      const { backoff, lastError } = state;
      return becomes({ phase: 'ready', since: at.now, era: event.era, backoff, lastError });
    }
    case 'connectFailed':
      return state.phase === 'starting' ? fall(state, event, 0, at) : stays(state);
    case 'connectionLost':
      // A clock that was set back says nothing of how long it lived.
      return state.phase === 'ready' ? fall(state, event, at.now - state.since, at) : stays(state);
    case 'renewed':
      return state.phase === 'down' ? connect(state, at.now, { kind: 'unschedule' }) : stays(state);
    case 'due':
      return due(state, at.now);
    case 'drained':
      return state.phase === 'draining' ? finish(state.next, at.now, { kind: 'unschedule' }) : stays(state);
    case 'restored':
      return restored(state, at.now);
  }
}

function started(state: UpstreamState, now: Millis): Transition {
  if (state.phase === 'stopped') return connect(state, now);
  // It was to end, and is wanted again before it has.
  if (state.phase === 'draining' && state.next.phase === 'stopped')
    return becomes({ ...state, next: { phase: 'starting' } });
  return stays(state);
}

function enabled(state: UpstreamState, now: Millis): Transition {
  if (state.phase === 'disabled') return becomes({ phase: 'stopped', since: now });
  if (state.phase === 'draining' && state.next.phase === 'disabled')
    return becomes({ ...state, next: { phase: 'stopped' } });
  return stays(state);
}

function due(state: UpstreamState, now: Millis): Transition {
  // Whoever keeps the time says that it has come; the wall clock may have been set meanwhile.
  if (state.phase === 'down') return connect(state, now);
  return state.phase === 'draining' ? finish(state.next, now) : stays(state);
}

function restored(state: UpstreamState, now: Millis): Transition {
  switch (state.phase) {
    case 'stopped':
    case 'disabled':
      return stays(state);
    case 'starting':
    case 'ready':
      return connect(state, now);
    case 'down':
      return becomes(state, { kind: 'schedule', at: state.nextRetryAt });
    case 'draining':
      // What it waited for has ended with its process.
      return finish(state.next, now);
  }
}

function connect(state: UpstreamState, now: Millis, ...before: readonly UpstreamCommand[]): Transition {
  const { backoff, lastError } = 'backoff' in state ? state : { backoff: NO_FAILURES, lastError: null };
  return becomes({ phase: 'starting', since: now, backoff, lastError }, ...before, { kind: 'connect' });
}

function fall(
  { backoff }: Extract<UpstreamState, { readonly phase: 'starting' | 'ready' }>,
  { error, pauseMs }: Fall,
  livedMs: Millis,
  { now, random }: Circumstances,
): Transition {
  const { record, delayMs } = backoffStep(backoff, livedMs, random);
  const waitMs = /* guard: process/restart, restart/used */ Math.max(delayMs, pauseMs);
  const nextRetryAt = now + Math.round(waitMs);
  return becomes(
    { phase: 'down', since: now, backoff: record, lastError: error, nextRetryAt },
    { kind: 'schedule', at: nextRetryAt },
  );
}

/** @param next - What follows when nothing runs any more, or at `until`. */
function drain(state: UpstreamState, next: AfterDrain, until: Millis, now: Millis): Transition {
  const isOver = until <= now;
  switch (state.phase) {
    case 'stopped':
    case 'disabled':
      return becomes(afterDrain(next, now));
    case 'starting':
      return isOver ? finish(next, now, { kind: 'abort' }) : drains(next, until, now, { kind: 'abort' });
    case 'ready':
      return isOver ? finish(next, now) : drains(next, until, now);
    case 'down':
      return isOver ? finish(next, now, { kind: 'unschedule' }) : drains(next, until, now);
    case 'draining': {
      if (isOver) return finish(next, now, { kind: 'unschedule' });
      const sooner = Math.min(until, state.until);
      return becomes({ ...state, until: sooner, next }, { kind: 'schedule', at: sooner });
    }
  }
}

function drains(
  next: AfterDrain,
  until: Millis,
  now: Millis,
  ...before: readonly UpstreamCommand[]
): Transition {
  return becomes(
    { phase: 'draining', since: now, until, next },
    ...before,
    { kind: 'schedule', at: until },
    { kind: 'drain' },
  );
}

function finish(next: AfterDrain, now: Millis, ...before: readonly UpstreamCommand[]): Transition {
  const state = afterDrain(next, now);
  const after: readonly UpstreamCommand[] = state.phase === 'starting' ? [{ kind: 'connect' }] : [];
  return becomes(state, ...before, { kind: 'close' }, ...after);
}

function afterDrain(next: AfterDrain, now: Millis): UpstreamState {
  return next.phase === 'starting'
    ? { ...next, since: now, backoff: NO_FAILURES, lastError: null }
    : { ...next, since: now };
}

function becomes(state: UpstreamState, ...commands: readonly UpstreamCommand[]): Transition {
  return { state, commands };
}

function stays(state: UpstreamState): Transition {
  return { state, commands: [] };
}
