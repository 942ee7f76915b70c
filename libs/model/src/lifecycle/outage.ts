import type { LifecycleSettings, Millis } from '@omni/ports';
import type { Outage, UpstreamHistory } from './upstream-state.ts';

/** How long an outage counts by now. */
export function outageMs(outage: Outage | null, now: Millis): Millis {
  if (outage === null) return 0;
  const { accruedMs, runningSince } = outage;
  // A clock that was set back takes nothing away.
  return accruedMs + (runningSince === null ? 0 : Math.max(0, now - runningSince));
}

/** The outage counts from now on; it begins where there was none. */
export function runOutage(history: UpstreamHistory, now: Millis): UpstreamHistory {
  const outage = history.outage ?? { startedAt: now, accruedMs: 0, runningSince: now };
  return { ...history, outage: { ...outage, runningSince: outage.runningSince ?? now } };
}

/** Nothing counts until {@link runOutage}: nobody waits for the server. */
export function pauseOutage(history: UpstreamHistory, now: Millis): UpstreamHistory {
  const { outage } = history;
  if (outage === null) return history;
  return { ...history, outage: { ...outage, accruedMs: outageMs(outage, now), runningSince: null } };
}

export function endOutage(history: UpstreamHistory, now: Millis): UpstreamHistory {
  const { outage, totalDowntimeMs } = history;
  return { ...history, outage: null, totalDowntimeMs: totalDowntimeMs + outageMs(outage, now) };
}

/** When an outage that goes on has lasted for so long that nothing is tried any more; `Infinity`: never. */
export function disableAtOf(outage: Outage | null, { breaker }: LifecycleSettings): Millis {
  const { disableAfterMs } = breaker;
  if (disableAfterMs === 0 || outage === null || outage.runningSince === null)
    return Number.POSITIVE_INFINITY;
  return outage.runningSince + disableAfterMs - outage.accruedMs;
}

/** For people. */
export function inWords(ms: Millis): string {
  return ms < 120_000 ? `${Math.round(ms / 1_000)} seconds` : `${Math.round(ms / 60_000)} minutes`;
}
