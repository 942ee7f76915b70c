import { GatewayError } from '@omni/ports';

/** What runs on an upstream that is stopped fails with this. */
export function stoppedError(upstream: string): GatewayError {
  return new GatewayError('OMNI_UPSTREAM_DOWN', `"${upstream}" was stopped`);
}
