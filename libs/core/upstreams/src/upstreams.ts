import {
  type ChannelDialer,
  type ChildLauncher,
  type Clock,
  configuredCredentials,
  CountedByteBudget,
  type CredentialProvider,
  type HttpClient,
  type Logger,
  silentLogger,
  type UpstreamSpec,
} from '@omni/ports';
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
  /** Uniform in 0 ≤ x < 1; spreads restarts. Default: `Math.random`. */
  readonly random?: () => number;
  readonly observer: UpstreamObserver;
}

/** All configured upstreams, by name. */
export class Upstreams {
  readonly #byName = new Map<string, Upstream>();
  readonly #credentials: CredentialProvider;
  #unsubscribe: (() => void) | undefined;

  constructor(options: UpstreamsOptions) {
    const { specs, clock, observer } = options;
    const limits = { ...DEFAULT_UPSTREAM_LIMITS, ...options.limits };
    this.#credentials = options.credentials ?? configuredCredentials;
    const context: ConnectionContext = {
      clock,
      logger: options.logger ?? silentLogger,
      identity: options.identity,
      limits,
      budget: new CountedByteBudget(limits.maxHeldBytes),
      deadlines: new Deadlines(clock),
      eras: new EraMemory(),
      random: options.random ?? Math.random,
      credentials: this.#credentials,
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

  /** Starts all that are enabled, at once; none waits for another. */
  start(): void {
    this.#unsubscribe ??= this.#credentials.subscribe((name) => this.#byName.get(name)?.renewCredentials());
    for (const upstream of this.#byName.values()) upstream.start();
  }

  /** Resolves when every connection is closed. */
  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    await Promise.all(this.all().map((upstream) => upstream.stop()));
  }
}
