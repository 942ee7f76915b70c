import { type CallPhase, isOfRunning } from '@omni/model';
import type { GatewayError, GatewayErrorCode } from '@omni/ports';

const TOO_MANY_REQUESTS = 429;

/** What keeps a call from one server, and says nothing of another. */
const OF_ONE_SERVER: ReadonlySet<GatewayErrorCode> = new Set<GatewayErrorCode>([
  'OMNI_CIRCUIT_OPEN',
  // Another server does not have what the first one has.
  'OMNI_NAME_UNKNOWN',
  'OMNI_OVERLOADED',
  'OMNI_OVERRIDDEN',
  'OMNI_QUEUE_FULL',
  'OMNI_QUOTA_USED_UP',
  'OMNI_RATE_LIMITED',
  'OMNI_SERVER_UNKNOWN',
  'OMNI_UPSTREAM_DISABLED',
  'OMNI_UPSTREAM_DOWN',
  'OMNI_UPSTREAM_ERA',
  'OMNI_UPSTREAM_EXITED',
  'OMNI_UPSTREAM_HTTP_STATUS',
  'OMNI_UPSTREAM_NO_RESOURCES',
  'OMNI_UPSTREAM_PROTOCOL',
  'OMNI_UPSTREAM_SPAWN_FAILED',
  'OMNI_UPSTREAM_STARTING',
  'OMNI_UPSTREAM_TIMEOUT',
  'OMNI_UPSTREAM_UNHEALTHY',
  'OMNI_UPSTREAM_UNREACHABLE',
]);

/** Whether a call that failed at one server may go to another one at once: it has not run. */
export function mayAskAnother(error: GatewayError, phase: CallPhase): boolean {
  // guard: candidates/not-run
  if (isOfRunning(error)) return false;
  const isRefused =
    error.code === 'OMNI_UPSTREAM_HTTP_STATUS' && error.data?.['status'] === TOO_MANY_REQUESTS;
  const isUnsent = /* guard: candidates/not-sent */ phase === 'not-sent';
  return isRefused || (isUnsent && OF_ONE_SERVER.has(error.code));
}
