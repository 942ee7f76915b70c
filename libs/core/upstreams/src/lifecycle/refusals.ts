import { GatewayError, type UpstreamSpec } from '@omni/ports';
import type { ErrorFacts, UpstreamState } from './upstream-state.ts';

/** Failures of `initialize` that say that it is not spoken; others may pass. */
export const NOT_LEGACY: ReadonlySet<string> = new Set([
  'OMNI_UPSTREAM_PROTOCOL',
  'OMNI_UPSTREAM_ERA',
  'OMNI_UPSTREAM_EXITED',
  'OMNI_UPSTREAM_TIMEOUT',
]);

/**
 * Why an upstream in this state takes no calls; `undefined` while it does, or soon will.
 *
 * @param lastError - What the facts in the state were made of.
 */
export function refusalIn(
  upstream: string,
  state: UpstreamState,
  lastError: GatewayError | undefined,
): GatewayError | undefined {
  switch (state.phase) {
    case 'ready':
    case 'starting':
      return undefined;
    case 'down':
      // guard: restart/fails-fast
      return downError(upstream, state.lastError, lastError);
    case 'draining':
      if (state.next.phase === 'starting') return undefined;
      return state.next.phase === 'disabled'
        ? disabledError(upstream, state.next.reason)
        : stoppedError(upstream);
    case 'disabled':
      return disabledError(upstream, state.reason);
    case 'stopped':
      return stoppedError(upstream);
  }
}

/**
 * @param facts - What the state keeps of the failure.
 * @param cause - The failure itself; `undefined` when the state was restored.
 */
export function downError(
  upstream: string,
  facts: ErrorFacts,
  cause: GatewayError | undefined,
): GatewayError {
  return new GatewayError('OMNI_UPSTREAM_DOWN', `"${upstream}" is down: ${facts.message}`, {
    data: {
      reason: facts.code,
      ...(cause?.data?.['report'] !== undefined && { report: cause.data['report'] }),
    },
    cause,
  });
}

export function disabledReasonOf({ disabledReason }: UpstreamSpec): string {
  return disabledReason ?? 'it is disabled in the configuration';
}

export function disabledError(upstream: string, reason: string): GatewayError {
  return new GatewayError('OMNI_UPSTREAM_DISABLED', `"${upstream}" is switched off: ${reason}`);
}

export function stoppedError(upstream: string): GatewayError {
  return new GatewayError('OMNI_UPSTREAM_DOWN', `"${upstream}" is stopped`);
}
