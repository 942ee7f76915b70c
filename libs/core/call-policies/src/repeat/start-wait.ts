import type { GatewayError, Millis } from '@omni/ports';
import { type CallFacts, isSafe } from './call-safety.ts';

/** Attempts to start again that a call may wait for. */
const STEPS = 2;
/** In place of no wait at all. */
const SOON_MS = 50;

/**
 * How long a call may wait for a server that has just gone, before it fails.
 *
 * @param error - With which it would fail.
 * @param stepsMs - The server's waits before attempts to start it again.
 * @param leftMs - Of the call's deadline.
 * @returns When it may try again; 0 when it fails at once, since it is not safe or nothing is tried by then.
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
  const isTooLate = nextMs === undefined || longestMs === 0 || nextMs > longestMs || nextMs >= leftMs;
  return /* guard: repeat/starts-in-time */ isTooLate ? 0 : Math.max(nextMs, SOON_MS);
}

/** @returns When it is tried next, from now; `undefined` when nobody knows or nothing is tried. */
function nextAttemptMs({ code, data }: GatewayError): Millis | undefined {
  if (code === 'OMNI_UPSTREAM_STARTING') return 0;
  const seconds = code === 'OMNI_UPSTREAM_DOWN' ? data?.['retryAfterS'] : undefined;
  return typeof seconds === 'number' ? seconds * 1_000 : undefined;
}
