import {
  DEFAULT_LIFECYCLE,
  type LifecycleSettings,
  type UpstreamSpec,
  type UpstreamTransport,
} from '@omni/ports';

/** The usual numbers without probes: what a server is asked is what a test asks it. */
const UNPROBED: LifecycleSettings = {
  ...DEFAULT_LIFECYCLE,
  probe: { ...DEFAULT_LIFECYCLE.probe, intervalMs: 0 },
};

/** A spec named `up` with the usual settings, without secrets and without probes, but for what is given. */
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
    lifecycle: UNPROBED,
    secretValues: [],
    ...settings,
    transport,
  };
}
