import type { ReadyState, UpstreamState } from './upstream-state.ts';

/** Whether the circuit is open, or half open while a trial is under way. */
export function isCircuitOpen(state: UpstreamState): boolean {
  switch (state.phase) {
    case 'down':
      return state.circuit !== null;
    case 'starting':
      return state.isTrial;
    case 'ready':
      return state.isTrial && !state.isListed;
    default:
      return false;
  }
}

/** Whether what it waits for may have come before its time. */
export function waitsForBetter({ phase }: UpstreamState): boolean {
  return phase === 'down' || phase === 'login' || phase === 'misconfigured';
}

export function isDegraded({ misses, hasListProblem }: ReadyState): boolean {
  return misses > 0 || hasListProblem;
}
