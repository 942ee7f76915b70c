import type { GatewayError, Millis } from '@omni/ports';

/** What a server asks for beyond this is not waited for: it may be back sooner than it thinks. */
const MAX_PAUSE_MS = /* guard: restart/longest-pause */ 300_000;

/** How long one that refused a connection wants to be left alone (`Retry-After`); 0 if it did not say. */
export function askedPauseMs({ data }: GatewayError): Millis {
  const seconds = data?.['retryAfterSeconds'];
  return typeof seconds === 'number' ? Math.min(seconds * 1_000, MAX_PAUSE_MS) : 0;
}
