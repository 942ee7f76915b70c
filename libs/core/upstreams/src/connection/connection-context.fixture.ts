import { silentLogger } from '@omni/ports';
import type { VirtualClock } from '@omni/testing';
import { Deadlines } from './deadlines.ts';
import { EraMemory } from './era-memory.ts';
import type { ConnectionContext } from './open-connection.ts';
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
    launcher: undefined,
    dialer: undefined,
    http: undefined,
    ...own,
  };
}
