import type { GatewayError } from '@omni/ports';
import type { OpenConnection } from './open-connection.ts';

/** How long an answer to a probe is waited for: a legacy server may ignore what comes before `initialize`. */
export const PROBE_MS = 3_000;

/** What a handshake led to. */
export type HandshakeOutcome =
  | { readonly kind: 'connection'; readonly connection: OpenConnection }
  /** No answer to the probe, or an exit; the instance is used up. */
  | { readonly kind: 'silent' }
  /** It may be a server of the transport HTTP+SSE. If it is not, `error` is why there is no connection. */
  | { readonly kind: 'other-transport'; readonly error: GatewayError }
  | { readonly kind: 'failed'; readonly error: GatewayError };
