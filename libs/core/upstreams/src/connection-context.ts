import { type CallStage, type Dialects, type LifecycleOwner, NO_DIALECTS } from '@omni/model';
import {
  type ChannelDialer,
  type ChildLauncher,
  type Clock,
  configuredCredentials,
  type CredentialProvider,
  type HttpClient,
  type Logger,
  type Random,
  silentLogger,
  systemRandom,
} from '@omni/ports';
import { CallChains, type HoldPlace } from './connection/call-chains.ts';
import { Deadlines } from './connection/deadlines.ts';
import { EraMemory } from './connection/era-memory.ts';
import type { GatewayIdentity } from './connection/mcp-revision.ts';
import type { ConnectionContext } from './connection/open-connection.ts';
import { LocalOwner } from './lifecycle/local-owner.ts';
import { Prober } from './probing/prober.ts';
import { DEFAULT_START_LIMITS, StartLimiter } from './starting/start-limiter.ts';
import { DEFAULT_UPSTREAM_LIMITS, type UpstreamLimits } from './connection/upstream-limits.ts';

export interface ConnectionContextOptions {
  /** Needed for stdio upstreams. */
  readonly launcher?: ChildLauncher;
  /** Needed for upstreams on WebSockets and sockets. */
  readonly dialer?: ChannelDialer;
  /** Default: nothing beside the configured ones. */
  readonly credentials?: CredentialProvider;
  /** Needed for HTTP upstreams. */
  readonly http?: HttpClient;
  readonly clock: Clock;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /** What Omni says of itself. */
  readonly identity: GatewayIdentity;
  /** Default: {@link DEFAULT_UPSTREAM_LIMITS}. */
  readonly limits?: Partial<UpstreamLimits>;
  /** What each call passes on its way to a connection; the first one sees it first. Default: none. */
  readonly stages?: readonly CallStage[];
  /** Asked for calls that wait for a server to start. Default: any number may. */
  readonly holdPlace?: HoldPlace;
  /** Passed by every start of a process. Default: one with its default limits, which is open. */
  readonly starts?: StartLimiter;
  /** Revisions of the modern era that are not spoken inside. Default: none. */
  readonly dialects?: Dialects;
  /** Who decides what becomes of an upstream. Default: whoever connects it, from nothing. */
  readonly lifecycle?: LifecycleOwner;
  /** Finds out whether servers live. Default: by asking them. */
  readonly prober?: Pick<Prober, 'begin'>;
  /** Spreads restarts. Default: the runtime's. */
  readonly random?: Random;
}

/** What the connections of one gateway share; those of one upstream share a budget, too. */
export type SharedContext = Omit<ConnectionContext, 'budget'>;

/** With all that nobody has to choose. */
export function connectionContext(options: ConnectionContextOptions): SharedContext {
  const { clock, identity, launcher, dialer, http, random = systemRandom } = options;
  const limits = { ...DEFAULT_UPSTREAM_LIMITS, ...options.limits };
  return {
    clock,
    logger: options.logger ?? silentLogger,
    identity,
    limits,
    deadlines: new Deadlines(clock),
    eras: new EraMemory(),
    chains: new CallChains(options),
    starts: options.starts ?? openLimiter(clock),
    dialects: options.dialects ?? NO_DIALECTS,
    random,
    lifecycle: options.lifecycle ?? new LocalOwner({ clock, random }),
    prober: options.prober ?? new Prober(clock),
    credentials: options.credentials ?? configuredCredentials,
    launcher,
    dialer,
    http,
  };
}

function openLimiter(clock: Clock): StartLimiter {
  const limiter = new StartLimiter({ ...DEFAULT_START_LIMITS, clock });
  limiter.open();
  return limiter;
}
