import type { GatewayError, Millis } from '@omni/ports';
import { type CallFacts, isSafe } from './call-safety.ts';

/** Attempts to start again that a call may wait for. */
const STEPS = 2;

/**
 * How long a call may wait for a server that has just gone, before it fails.
 *
 * @param error - With which it would fail.
 * @param stepsMs - The server's waits before attempts to start it again.
 * @param leftMs - Of the call's deadline.
 * @returns 0 when it fails at once: it is not safe, or the server will not be back by then.
 */
export function startWaitMs(
  call: CallFacts,
  error: GatewayError,
  { stepsMs, leftMs }: { readonly stepsMs: readonly Millis[]; readonly leftMs: Millis },
): Millis {
  // guard: repeat/waits-if-safe
  if (!isSafe(call)) return 0;
  const longestMs = stepsMs.slice(0, STEPS).reduce((sum, stepMs) => sum + stepMs, 0);
  const nextMs = nextAttemptMs(error);
  return nextMs === undefined || nextMs > longestMs ? 0 : Math.max(0, Math.min(longestMs, leftMs));
}

/** @returns When it is tried next, from now; `undefined` when nobody knows or nothing is tried. */
function nextAttemptMs({ code, data }: GatewayError): Millis | undefined {
  if (code === 'OMNI_UPSTREAM_STARTING') return 0;
  const seconds = code === 'OMNI_UPSTREAM_DOWN' ? data?.['retryAfterS'] : undefined;
  return typeof seconds === 'number' ? seconds * 1_000 : undefined;
}
