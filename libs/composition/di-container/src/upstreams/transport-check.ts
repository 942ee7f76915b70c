import { GatewayError, type UpstreamSpec } from '@omni/ports';
import type { GatewayAdapters } from '../gateway-options.ts';

const ADAPTERS = {
  stdio: 'launcher',
  http: 'http',
  sse: 'http',
  websocket: 'dialer',
  socket: 'dialer',
} as const satisfies Readonly<Record<string, keyof GatewayAdapters>>;

/**
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID` for a server that is switched on and cannot be reached
 * from this runtime.
 */
export function checkTransports(
  specs: readonly UpstreamSpec[],
  adapters: Readonly<Record<'launcher' | 'http' | 'dialer', unknown>>,
): void {
  for (const { name, enabled, transport } of specs) {
    if (!enabled || transport.kind === 'channel') continue;
    if (adapters[ADAPTERS[transport.kind]] === undefined)
      throw new GatewayError(
        'OMNI_CONFIG_INVALID',
        `"${name}" needs the transport ${transport.kind}, which is not available here`,
      );
  }
}
