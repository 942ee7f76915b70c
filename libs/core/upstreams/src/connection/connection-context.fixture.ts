import { configuredCredentials, silentLogger, type UpstreamSpec } from '@omni/ports';
import type { VirtualClock } from '@omni/testing';
import { Deadlines } from './deadlines.ts';
import { EraMemory } from './era-memory.ts';
import type { ConnectionContext } from './open-connection.ts';
import { UpstreamCredentials } from './upstream-credentials.ts';
import { DEFAULT_UPSTREAM_LIMITS } from './upstream-limits.ts';

/** What connections share, with nothing to reach upstreams by but what is given. */
export function connectionContextOf(
  clock: VirtualClock,
  own: Partial<ConnectionContext> = {},
): ConnectionContext {
  return {
    clock,
    logger: silentLogger,
    identity: { name: 'omni', version: '1' },
    limits: DEFAULT_UPSTREAM_LIMITS,
    deadlines: new Deadlines(clock),
    eras: new EraMemory(),
    random: () => 0,
    credentials: configuredCredentials,
    launcher: undefined,
    dialer: undefined,
    http: undefined,
    ...own,
  };
}

/** The credentials of an upstream, as the context's provider has them. */
export function credentialsOf(spec: UpstreamSpec, context: ConnectionContext): UpstreamCredentials {
  return new UpstreamCredentials({ ...context, spec, provider: context.credentials });
}
