import type { Catalogue, CatalogueRefresher, VariantReader } from '@omni/capabilities';
import type { HealthMonitor, HealthRollup } from '@omni/health';
import {
  type ChannelDialer,
  type ChildLauncher,
  type Exchange,
  type HttpClient,
  type OpenChannel,
  type Principal,
} from '@omni/ports';
import type {
  BindOptions,
  Connection,
  EndpointDecision,
  EndpointRequest,
  ProtocolHandler,
} from '@omni/protocol';
import type { Upstreams } from '@omni/upstreams';
import { createChannelPair, endpointOf } from '@omni/model';
import { ClientChannel } from './client-channel.ts';
import type { GatewayConfiguration } from './gateway-options.ts';
import { reportOf, type UpstreamReport } from './upstream-report.ts';

/** The owner of the process: who embeds Omni or starts it on stdio. */
export const LOCAL_PRINCIPAL: Principal = { id: 'local', kind: 'local' };

export interface MasterServerParts {
  readonly configuration: GatewayConfiguration;
  readonly protocol: ProtocolHandler;
  readonly upstreams: Upstreams;
  readonly refresher: CatalogueRefresher;
  readonly lists: VariantReader;
  readonly catalogue: Catalogue;
  readonly health: HealthMonitor;
  readonly launcher: ChildLauncher | undefined;
  readonly http: HttpClient | undefined;
  readonly dialer: ChannelDialer | undefined;
}

export interface StopOptions {
  /** How long running requests may take, in milliseconds. Default: `server.drain` of the configuration. */
  readonly deadlineMs?: number;
}

/** The gateway, without a listener: start it, hand it exchanges and channels, stop it. */
export class MasterServer {
  readonly #parts: MasterServerParts;
  #stopped: Promise<void> | undefined;

  constructor(parts: MasterServerParts) {
    this.#parts = parts;
    for (const upstream of parts.upstreams.all()) {
      if (!upstream.spec.enabled) continue;
      parts.health.register({
        name: `upstream:${upstream.name}`,
        critical: upstream.spec.critical,
        getStatus: () => {
          const { level, since } = upstream.getStatus();
          // A server that is up offers nothing before its lists have been read.
          const isReadable = level !== 'ok' || parts.catalogue.isRead(upstream.name);
          return {
            level: isReadable ? level : 'unknown',
            since,
            details: { ...reportOf(upstream, parts.catalogue) },
          };
        },
      });
    }
    parts.health.register({ name: 'protocol', critical: true, getStatus: () => parts.protocol.getStatus() });
  }

  /** Starts the upstreams and takes requests; does not wait for upstreams. */
  start(): Promise<void> {
    this.#parts.refresher.start();
    this.#parts.upstreams.start();
    this.#parts.health.setAccepting(true);
    return Promise.resolve();
  }

  /** Readiness off, nothing new, running requests finish or are cut at the deadline, upstreams gone. May be called twice. */
  stop({ deadlineMs = this.#parts.configuration.server.drainMs }: StopOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(deadlineMs);
    return this.#stopped;
  }

  /** Makes a running {@link stop} skip its waiting. */
  forceStop(): void {
    this.#parts.protocol.forceStop();
    void this.#parts.launcher?.close();
  }

  /** Answers one HTTP exchange; never throws. */
  readonly handle = (exchange: Exchange): void => this.#parts.protocol.handle(exchange);

  /** Whether a client may open a channel by a request, such as an upgrade: the same checks as for {@link handle}. */
  admitChannel(request: EndpointRequest): EndpointDecision | Promise<EndpointDecision> {
    return this.#parts.protocol.admitChannel(request);
  }

  /** Serves a client on a channel of the caller's. */
  bind(open: OpenChannel, options: Partial<BindOptions> = {}): Connection {
    return this.#parts.protocol.bind(open, { principal: LOCAL_PRINCIPAL, ...options });
  }

  /** A client's end of a connection in memory. @param server - The one server to show; all when absent. */
  connect(server?: string): ClientChannel {
    const [client, far] = createChannelPair();
    this.bind(far, { endpoint: endpointOf(server) });
    return new ClientChannel(client);
  }

  /** State and offer of each upstream, in the order of the configuration. */
  upstreams(): readonly UpstreamReport[] {
    return this.#parts.upstreams.all().map((upstream) => reportOf(upstream, this.#parts.catalogue));
  }

  /** Resolves when every upstream has been read or has failed once, or the grace of the start is over. */
  whenSettled(): Promise<void> {
    return new Promise((resolve) => this.#parts.refresher.whenSettled(resolve));
  }

  readiness(): HealthRollup {
    return this.#parts.health.getReadiness();
  }

  async #stop(deadlineMs: number): Promise<void> {
    const { health, protocol, refresher, lists, catalogue, upstreams, launcher, http, dialer } = this.#parts;
    health.setAccepting(false);
    await protocol.stop({ deadlineMs });
    refresher.stop();
    lists.stop();
    catalogue.close();
    await upstreams.stop();
    await launcher?.close();
    await http?.close();
    await dialer?.close();
  }
}
