import type { CallPhase } from '@omni/model';
import type { GatewayError } from '@omni/ports';

/**
 * How far a call had come whose exchange failed.
 *
 * @param reached - How far it had come by what was heard of it; the HTTP client alone knows whether a request
 * has left at all.
 */
export function exchangePhase(error: GatewayError, reached: CallPhase): CallPhase {
  return reached === 'sent' && error.data?.['phase'] === 'connect' ? 'not-sent' : reached;
}
