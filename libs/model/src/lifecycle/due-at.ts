import type { Millis } from '@omni/ports';
import type { LifecycleSettings } from './lifecycle-settings.ts';
import { outageMs } from './outage.ts';
import type { UpstreamRecord } from './upstream-state.ts';

/**
 * When a record wants its next `due` event, on the wall clock; `null`: it waits for something else. May lie
 * in the past.
 */
export function dueAt({ state, history }: UpstreamRecord, settings: LifecycleSettings): Millis | null {
  switch (state.phase) {
    case 'ready':
      return state.probeAt;
    case 'draining':
      return state.until;
    case 'login':
      return state.nextAttemptAt;
    case 'down': {
      const { disableAfterMs } = settings.breaker;
      const { outage } = history;
      if (disableAfterMs === 0 || outage?.runningSince == null) return state.nextAttemptAt;
      const { runningSince } = outage;
      const disableAt =
        runningSince + disableAfterMs - outageMs({ ...outage, runningSince: null }, runningSince);
      return Math.min(state.nextAttemptAt, disableAt);
    }
    default:
      return null;
  }
}
