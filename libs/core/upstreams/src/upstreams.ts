import type { CallStage } from '@omni/model';
import {
  type ChannelDialer,
  type ChildLauncher,
  type Clock,
  CountedByteBudget,
  type HttpClient,
  type Logger,
  silentLogger,
  type UpstreamSpec,
} from '@omni/ports';
import { CallChains, type HoldPlace } from './connection/call-chains.ts';
import { Deadlines } from './connection/deadlines.ts';
import { EraMemory } from './connection/era-memory.ts';
import type { GatewayIdentity, ConnectionContext } from './connection/open-connection.ts';
import { DEFAULT_UPSTREAM_LIMITS, type UpstreamLimits } from './connection/upstream-limits.ts';
import { Upstream, type UpstreamObserver } from './upstream.ts';

export interface UpstreamsOptions {
  readonly specs: readonly UpstreamSpec[];
  /** Needed for stdio upstreams. */
  readonly launcher?: ChildLauncher;
  /** Needed for upstreams on WebSockets and sockets. */
  readonly dialer?: ChannelDialer;
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
  /** Uniform in 0 ≤ x < 1; spreads restarts. Default: `Math.random`. */
  readonly random?: () => number;
  readonly observer: UpstreamObserver;
}

/** All configured upstreams, by name. */
export class Upstreams {
  readonly #byName = new Map<string, Upstream>();
  readonly #chains: CallChains;

  constructor(options: UpstreamsOptions) {
    const { specs, clock, observer } = options;
    const limits = { ...DEFAULT_UPSTREAM_LIMITS, ...options.limits };
    this.#chains = new CallChains(options);
    const context: ConnectionContext = {
      clock,
      logger: options.logger ?? silentLogger,
      identity: options.identity,
      limits,
      budget: new CountedByteBudget(limits.maxHeldBytes),
      deadlines: new Deadlines(clock),
      eras: new EraMemory(),
      chains: this.#chains,
      random: options.random ?? Math.random,
      launcher: options.launcher,
      dialer: options.dialer,
      http: options.http,
    };
    for (const spec of specs) this.#byName.set(spec.name, new Upstream({ spec, context, observer }));
  }

  get(name: string): Upstream | undefined {
    return this.#byName.get(name);
  }

  /** In the order of the configuration. */
  all(): readonly Upstream[] {
    return [...this.#byName.values()];
  }

  /** Applies the stages anew on all connections, since what they are made of has changed. */
  rebuildChains(): void {
    this.#chains.rebuild();
  }

  /** Starts all that are enabled, at once; none waits for another. */
  start(): void {
    for (const upstream of this.#byName.values()) upstream.start();
  }

  /** Resolves when every connection is closed. */
  async stop(): Promise<void> {
    await Promise.all(this.all().map((upstream) => upstream.stop()));
  }
}
