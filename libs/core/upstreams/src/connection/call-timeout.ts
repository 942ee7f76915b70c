import { LISTEN, TASK_RESULT } from '@omni/model';
import { GatewayError, type UpstreamSpec } from '@omni/ports';
import type { Deadline, DeadlineListener, Deadlines } from './deadlines.ts';

/** Starts the time limits of a call; `undefined` when it has none. */
export function startDeadline(
  method: string,
  spec: UpstreamSpec,
  deadlines: Deadlines,
  listener: DeadlineListener,
): Deadline | undefined {
  if (method === LISTEN) return undefined;
  return deadlines.start(
    listener,
    method === TASK_RESULT ? spec.maxCallTimeMs : spec.callTimeoutMs,
    spec.maxCallTimeMs,
  );
}

export function timeoutError(method: string, spec: UpstreamSpec, kind: 'idle' | 'total'): GatewayError {
  const seconds = (kind === 'idle' ? spec.callTimeoutMs : spec.maxCallTimeMs) / 1_000;
  const what = kind === 'idle' ? `was silent for ${seconds} s` : `did not finish within ${seconds} s`;
  // Methods come from clients; they are checked to be text, no more.
  const name = method.replaceAll(/[^\x20-\x7e]/g, '.').slice(0, 80);
  return new GatewayError('OMNI_UPSTREAM_TIMEOUT', `"${spec.name}" ${what} during ${name}`, {
    data: { seconds },
  });
}
