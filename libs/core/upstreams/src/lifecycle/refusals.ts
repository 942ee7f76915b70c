import { GatewayError, type UpstreamSpec } from '@omni/ports';
import type { ErrorFacts } from './upstream-state.ts';

/** Failures of `initialize` that say that it is not spoken; others may pass. */
export const NOT_LEGACY: ReadonlySet<string> = new Set([
  'OMNI_UPSTREAM_PROTOCOL',
  'OMNI_UPSTREAM_ERA',
  'OMNI_UPSTREAM_EXITED',
  'OMNI_UPSTREAM_TIMEOUT',
]);

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
