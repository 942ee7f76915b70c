import type { Millis } from '@omni/ports';
import type { UpstreamRecord } from './upstream-state.ts';

/** All its times are later, or earlier. */
export function shifted({ state, history }: UpstreamRecord, byMs: Millis): UpstreamRecord {
  const since = state.since + byMs;
  const { outage } = history;
  const moved = {
    ...history,
    falls: history.falls.map((at) => at + byMs),
    outage:
      outage === null
        ? null
        : { ...outage, runningSince: outage.runningSince === null ? null : outage.runningSince + byMs },
  };
  if (state.phase === 'down' || state.phase === 'login')
    return { state: { ...state, since, nextAttemptAt: state.nextAttemptAt + byMs }, history: moved };
  if (state.phase === 'draining')
    return { state: { ...state, since, until: state.until + byMs }, history: moved };
  if (state.phase === 'ready' && state.probeAt !== null)
    return { state: { ...state, since, probeAt: state.probeAt + byMs }, history: moved };
  return { state: { ...state, since }, history: moved };
}
