import type { UpstreamSpec, UpstreamTransport } from '@omni/ports';

/** A spec named `up` with the usual settings and without secrets, but for what is given. */
export function upstreamSpecOf(
  transport: UpstreamTransport,
  settings: Partial<Omit<UpstreamSpec, 'transport'>> = {},
): UpstreamSpec {
  return {
    name: 'up',
    enabled: true,
    protocol: 'auto',
    instances: 'auto',
    connectTimeoutMs: 30_000,
    callTimeoutMs: 60_000,
    maxCallTimeMs: 600_000,
    critical: false,
    secretValues: [],
    ...settings,
    transport,
  };
}
