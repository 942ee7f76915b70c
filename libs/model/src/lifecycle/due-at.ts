import type { LifecycleSettings, Millis } from '@omni/ports';
import { disableAtOf } from './outage.ts';
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
    case 'down':
      return Math.min(state.nextAttemptAt, disableAtOf(history.outage, settings));
    case 'starting': {
      const disableAt = disableAtOf(history.outage, settings);
      return disableAt === Number.POSITIVE_INFINITY ? null : disableAt;
    }
    default:
      return null;
  }
}
