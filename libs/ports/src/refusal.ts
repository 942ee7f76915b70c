import type { GatewayError } from './gateway-error.ts';

/** Why somebody is not let in. */
export interface Refusal {
  readonly error: GatewayError;
  /** Value of `WWW-Authenticate`: how to come back with what is missing. */
  readonly challenge?: string;
}
