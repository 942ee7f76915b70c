import type { Balancers, CallQueues, MemoryGuard, Overrides } from '@omni/call-policies';
import type { Catalogue, CatalogueRefresher, VariantReader } from '@omni/capabilities';
import type { ConfigAccessor, ConfigurationManager } from '@omni/config';
import type { ConfigurationMemory, Supervision, SupervisionObserver } from '@omni/coordinator';
import type { EventBus } from '@omni/events';
import type { HealthListener, HealthMonitor, HealthRollup } from '@omni/health';
import {
  type AuditSink,
  type ChannelDialer,
  type ChildLauncher,
  type Clock,
  type CredentialProvider,
  type Exchange,
  GatewayError,
  type HttpClient,
  type Logger,
  type Millis,
  type MountedFront,
  type OpenChannel,
  type Principal,
} from '@omni/ports';
import type {
  Authentication,
  BindOptions,
  Connection,
  EndpointDecision,
  EndpointRequest,
  ProtocolHandler,
} from '@omni/protocol';
import type { MetricRegistry } from '@omni/telemetry';
import type { DefinitionChanges, StartLimiter, UpstreamRegistry, Upstreams } from '@omni/upstreams';
import { ALL_SERVERS, type CallStage, createChannelPair, endpointOf, type RequestStage } from '@omni/model';
import { ClientChannel } from './client-channel.ts';
import { followDefinitions } from './upstreams/definition-followers.ts';
import type { GatewayConfiguration, GatewayUpstream, ReadStoredDefinitions } from './gateway-options.ts';
import { type ClientMemory, clientMemory } from './mount/client-memory.ts';
import { type FrontOptions, mountedFront } from './mount/mounted-front.ts';
import { LifecycleList, type LifecyclePart, type StopOptions } from './lifecycle-list.ts';
import { type DeclaredStage, type StageInForce, stagesInForce } from './modules/declared-stage.ts';
import type { RoutingPolicies } from './modules/routing-policies.ts';
import type { PhaseLog } from './phase-log.ts';
import { type ChangeOrigin, DefinitionsInForce } from './upstreams/definitions-in-force.ts';
import { FaultWatch } from './upstreams/fault-watch.ts';
import { KeptOverrides } from './upstreams/kept-overrides.ts';
import { followOverrides } from './upstreams/override-followers.ts';
import type { Measurements } from './telemetry/measurements.ts';
import type { ListedReplicas } from './upstreams/listed-replicas.ts';
import { RepairScan } from './upstreams/repair-scan.ts';
import { unknownServer } from './upstreams/unknown-server.ts';
import type { UpstreamTelemetry } from './telemetry/upstream-telemetry.ts';
import { rememberUpstreams } from './upstreams/remembered-upstreams.ts';
import type { UpstreamHealth } from './upstreams/upstream-health.ts';
import { type OwnedUpstreamReport, reportOf } from './upstreams/upstream-report.ts';

/** The owner of the process: who embeds Omni or starts it on stdio. */
export const LOCAL_PRINCIPAL: Principal = { id: 'local', kind: 'local' };

export interface MasterServerParts {
  readonly configurations: ConfigurationManager<GatewayConfiguration>;
  readonly protocol: ProtocolHandler;
  readonly authentication: Authentication;
  readonly registry: UpstreamRegistry<GatewayUpstream>;
  readonly supervision: Supervision;
  readonly supervisionObserver: Partial<SupervisionObserver>;
  /** Whether there is a store. */
  readonly isStored: boolean;
  readonly readStoredDefinitions: ReadStoredDefinitions | undefined;
  readonly telemetry: UpstreamTelemetry;
  readonly upstreams: Upstreams;
  readonly policies: RoutingPolicies;
  readonly candidates: DeclaredStage<RequestStage>;
  readonly callStages: readonly DeclaredStage<CallStage>[];
  readonly overrides: Overrides;
  readonly audit: AuditSink;
  readonly queues: CallQueues;
  readonly starts: StartLimiter;
  readonly refresher: CatalogueRefresher;
  readonly lists: VariantReader;
  readonly catalogue: Catalogue;
  readonly listed: ListedReplicas;
  readonly balancers: Balancers;
  readonly health: HealthMonitor;
  readonly upstreamHealth: UpstreamHealth;
  readonly launcher: ChildLauncher | undefined;
  readonly http: HttpClient | undefined;
  readonly dialer: ChannelDialer | undefined;
  readonly credentials: CredentialProvider;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventBus;
  readonly measurements: Measurements;
  /** What this gateway listens on; absent where whoever embeds it does. */
  readonly listening: Listening | undefined;
  readonly memory: MemoryGuard | undefined;
  readonly startPhases: PhaseLog;
  /** Ends the parts that somebody has registered with a way to end them. */
  readonly endOfParts: () => Promise<void>;
}

export type { StopOptions } from './lifecycle-list.ts';

/** The listeners of a gateway. */
export interface Listening {
  /** Binds them: before the first server is started, so that nothing has to be ended where that fails. */
  open(): Promise<void>;
  /** Called when the stop begins, also where {@link open} has failed. */
  stopAccepting(): void;
  /** Cuts what is still open after a moment, and after `deadlineMs` what is still being read. */
  close(deadlineMs: Millis): Promise<void>;
}

export interface SettleOptions {
  /** How long to wait at most, in milliseconds. Default: as long as it takes. */
  readonly deadlineMs?: number;
}

/** The gateway, without a listener: start it, hand it exchanges and channels, stop it. */
export class MasterServer implements AsyncDisposable {
  /** Shared by all listeners and mounted handlers of this server. */
  readonly clientMemory: ClientMemory;
  readonly #parts: MasterServerParts;
  readonly #lifecycle: LifecycleList;
  readonly #faults: FaultWatch;
  readonly #definitions: DefinitionsInForce;
  readonly #keptOverrides: KeptOverrides;
  #isStarted = false;
  #isStopping = false;

  constructor(parts: MasterServerParts) {
    this.#parts = parts;
    this.#definitions = new DefinitionsInForce({
      ...parts,
      checkOpen: () => {
        if (this.#isStopping) throw stopping('no new servers');
      },
    });
    this.clientMemory = clientMemory(parts.configurations.effective().limits);
    const { health, protocol, upstreamHealth, configurations } = parts;
    health.register({ name: 'protocol', critical: true, getStatus: () => protocol.getStatus() });
    const { authentication, logger, supervision } = parts;
    if (authentication.getStatus !== undefined)
      health.register({
        name: 'authentication',
        critical: true,
        getStatus: () => authentication.getStatus?.() ?? { level: 'ok', details: {}, since: 0 },
      });
    const { credentials } = parts;
    if (credentials.getStatus !== undefined)
      health.register({
        name: 'credentials',
        critical: false,
        getStatus: () => credentials.getStatus?.() ?? { level: 'ok', details: {}, since: 0 },
      });
    health.register({ name: 'coordinator', critical: false, getStatus: () => supervision.getStatus() });
    if (logger.getStatus !== undefined)
      health.register({
        name: 'log',
        critical: false,
        getStatus: () => logger.getStatus?.() ?? { level: 'ok', details: {}, since: 0 },
      });
    followDefinitions({
      ...parts,
      health: upstreamHealth,
      drainMs: configurations.effective().server.drainMs,
    });
    followOverrides(parts);
    this.#keptOverrides = new KeptOverrides({ ...parts, memory: parts.supervision.configurationMemory });
    const faults = new FaultWatch(parts);
    parts.registry.subscribe(({ all }) => faults.look(all));
    this.#faults = faults;
    rememberUpstreams({
      ...parts,
      observer: parts.supervisionObserver,
      isDefinedInStore: (name) => this.#definitions.isDefinedInStore(name),
      onDefinitions: (stored) => this.#definitions.onStored(stored),
    });
    this.#lifecycle = new LifecycleList(lifecyclePartsOf(parts, this.#keptOverrides), {
      logger,
      clock: parts.clock,
      phases: parts.startPhases,
    });
  }

  /** The configuration in force; {@link apply} changes its upstreams and tells those who have subscribed. */
  get configuration(): ConfigAccessor<GatewayConfiguration> {
    return this.#parts.configurations;
  }

  /** What happens: for readers in this process, as it happens or behind an event that they have seen. */
  get events(): Pick<EventBus, 'subscribe' | 'listen' | 'since'> {
    return this.#parts.events;
  }

  /** What is measured; `undefined` with `telemetry.metrics` off. */
  get metrics(): Pick<MetricRegistry, 'read'> | undefined {
    return this.#parts.measurements.metrics;
  }

  /**
   * Starts the upstreams and takes requests; does not wait for upstreams. Keeps the process alive until
   * {@link stop} has ended, as a server that listens does.
   *
   * @throws {@link GatewayError} `OMNI_SHUTTING_DOWN` after {@link stop}: a gateway starts once.
   */
  async start(): Promise<void> {
    if (this.#isStopping)
      throw new GatewayError('OMNI_SHUTTING_DOWN', 'This gateway was stopped and does not start again', {
        hint: 'Make another one with createMasterServer.',
      });
    this.#isStarted = true;
    await this.#definitions.defineFirst();
    this.#faults.look(this.#parts.registry.current.all);
    await this.#lifecycle.start();
  }

  /**
   * Readiness off, nothing new, running requests finish or are cut at the deadline, upstreams gone. May be
   * called twice.
   */
  stop({ deadlineMs = this.configuration.effective().server.drainMs }: StopOptions = {}): Promise<void> {
    this.#isStopping = true;
    return this.#lifecycle.stop(deadlineMs);
  }

  /** {@link stop} with its default, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Puts these definitions in the place of all there are, at run time: all or, when one of them is refused,
   * nothing.
   *
   * Servers whose definition stays keep connections, processes and calls; other limits, order or criticality
   * restart nothing. Calls on those that are removed, replaced or switched off may take `server.drain` more.
   * What a replaced server lists stays until its successor has been read or has failed. A server in the same
   * process stays when its `open` is the same function.
   *
   * @returns What is different. Resolves when the definitions are in force: servers come up and drain
   * meanwhile.
   * @throws {@link GatewayError} `OMNI_CONFIG_INVALID`, or `OMNI_SHUTTING_DOWN`.
   */
  apply(definitions: readonly GatewayUpstream[]): Promise<DefinitionChanges> {
    return this.#definitions.replace([...definitions]);
  }

  /**
   * {@link apply} for a configuration that is read in its turn. What was in force stays where that fails, or
   * where it removes most servers and nobody has confirmed it; events tell either.
   *
   * @param load - Gives the definitions of servers.
   * @throws What `load` throws, and {@link GatewayError} `OMNI_CONFIG_INVALID`, `OMNI_CONFIG_HELD`,
   * `OMNI_CONFIG_REFUSED`, `OMNI_SHUTTING_DOWN`.
   */
  reload(load: () => Promise<readonly GatewayUpstream[]>, origin: ChangeOrigin): Promise<DefinitionChanges> {
    return this.#definitions.reload(load, origin);
  }

  /** Where configurations that were in force are kept. */
  get revisions(): Pick<ConfigurationMemory, 'addRevision' | 'revisions' | 'findRevision'> {
    return this.#parts.supervision.configurationMemory;
  }

  /**
   * Whether something runs that nobody can end, such as a thread inside a call of the system: the process
   * does not end by itself then.
   */
  get isStuck(): boolean {
    return this.#parts.supervision.isStuck;
  }

  /** Makes a running {@link stop} skip its waiting. */
  forceStop(): void {
    this.#parts.protocol.forceStop();
    void this.#parts.launcher?.close();
  }

  /** Answers one HTTP exchange; never throws. */
  readonly handle = (exchange: Exchange): void => this.#parts.protocol.handle(exchange);

  /**
   * This server for a handler in an HTTP server of your own: give it to `nodeHandler` of `@omni/node` or
   * `fetchHandler` of `@omni/fetch`. It is started and stopped as ever.
   */
  front(options: FrontOptions = {}): MountedFront {
    return mountedFront({ ...this.#parts, memory: this.clientMemory }, options);
  }

  /**
   * Whether a client may open a channel by a request, such as an upgrade: the same checks as for {@link
   * handle}.
   */
  admitChannel(request: EndpointRequest): EndpointDecision | Promise<EndpointDecision> {
    return this.#parts.protocol.admitChannel(request);
  }

  /**
   * Serves a client on a channel that the caller has opened.
   *
   * @throws {@link GatewayError} `OMNI_PARAMS_INVALID` for an endpoint that is none.
   */
  bind(open: OpenChannel, options: Partial<BindOptions> = {}): Connection {
    checkEndpoint(options.endpoint);
    return this.#parts.protocol.bind(open, { principal: LOCAL_PRINCIPAL, ...options });
  }

  /**
   * A client's end of a connection in memory.
   *
   * @param server - The one server to show; all when absent.
   * @throws {@link GatewayError} `OMNI_SERVER_UNKNOWN` when there is no such server,
   * `OMNI_UPSTREAM_DISABLED` when it is switched off, `OMNI_SHUTTING_DOWN`.
   */
  connect(server?: string): ClientChannel {
    if (this.#isStopping) throw stopping('no new clients');
    // guard: connect/unknown
    if (server !== undefined && this.#parts.registry.current.group(server) === undefined)
      throw unknownServer(server, this.#parts.catalogue.upstreams);
    const group = server === undefined ? undefined : this.#parts.registry.current.group(server);
    // guard: connect/off
    if (group?.members.length === 0) throw switchedOff(group.server);
    const [client, far] = createChannelPair();
    this.bind(far, { endpoint: endpointOf(server) });
    return new ClientChannel(client, () =>
      this.#isStopping
        ? new GatewayError('OMNI_SHUTTING_DOWN', 'Omni has stopped')
        : new GatewayError('OMNI_ANSWERS_UNREAD', 'The client did not read what it was sent and was cut'),
    );
  }

  /** State and offer of each upstream, in the order of the configuration, for the owner of the process. */
  upstreams(): readonly OwnedUpstreamReport[] {
    const { upstreams } = this.#parts;
    return upstreams.all().map((upstream) => ({
      ...reportOf(upstream, this.#parts),
      ownerReports: upstream.ownerReports.list(),
    }));
  }

  /**
   * Resolves when every upstream that there is now has been read or has failed once, at the deadline, or when
   * the gateway stops. One that never answers has failed when `connectTimeoutMs` is over.
   *
   * @throws {@link GatewayError} `OMNI_NOT_STARTED` before {@link start}.
   */
  async whenSettled({ deadlineMs }: SettleOptions = {}): Promise<void> {
    if (!this.#isStarted)
      throw new GatewayError(
        'OMNI_NOT_STARTED',
        'Servers are started with the gateway, which is not started',
      );
    const { refresher, clock } = this.#parts;
    await new Promise<void>((resolve) => {
      const cancel =
        deadlineMs === undefined
          ? undefined
          : clock.after(deadlineMs, () => {
              leave();
              resolve();
            });
      const leave = refresher.whenAllSettled(() => {
        cancel?.();
        resolve();
      });
    });
  }

  /**
   * What operators decide about calls to a server for a while, whatever its settings say: until it is
   * cleared, its time is over, or its server is gone. It outlives a restart where there is a store.
   */
  get overrides(): Pick<Overrides, 'set' | 'clear' | 'list'> {
    return this.#parts.overrides;
  }

  /**
   * The stages that a call of this server passes, in order, with the settings in force, or why each is off.
   *
   * @throws {@link GatewayError} `OMNI_SERVER_UNKNOWN`.
   */
  explain(server: string): readonly StageInForce[] {
    const { registry, policies, candidates, callStages } = this.#parts;
    const spec = registry.inForce(server);
    if (spec === undefined) throw unknownServer(server, registry.current.names);
    return [
      ...stagesInForce([...policies.admission, ...policies.requests, candidates], 'request', spec),
      ...stagesInForce(callStages, 'attempt', spec),
    ];
  }

  /**
   * Where a call of this tool goes.
   *
   * @param server - The one server that the client is connected to. Default: it is connected to all.
   *
   * @throws {@link GatewayError} `OMNI_NAME_UNKNOWN`, `OMNI_NAME_AMBIGUOUS`, `OMNI_SERVER_UNKNOWN`.
   */
  routeOf(tool: string, server?: string): { readonly server: string; readonly tool: string } {
    const { catalogue } = this.#parts;
    const found = catalogue.view({ endpoint: endpointOf(server), era: 'modern' }).route('tool', tool);
    if (found instanceof GatewayError) throw found;
    return { server: found.upstream, tool: found.name };
  }

  readiness(): HealthRollup {
    return this.#parts.health.getReadiness();
  }

  /**
   * @param listener - Told when readiness, liveness or the level of a component has changed.
   *
   * @returns Ends the subscription.
   */
  on(event: 'statusChanged', listener: HealthListener): () => void {
    return this.#parts.health.on(event, listener);
  }
}

/** Code without types may give anything, such as the name of a server. */
function checkEndpoint(endpoint: unknown = ALL_SERVERS): void {
  if (typeof endpoint === 'object' && endpoint !== null && 'kind' in endpoint) {
    if (endpoint.kind === 'all') return;
    if (endpoint.kind === 'server' && 'server' in endpoint && typeof endpoint.server === 'string') return;
  }
  throw new GatewayError('OMNI_PARAMS_INVALID', 'A client was to be bound to an endpoint that is none', {
    hint: 'Give { kind: "all" } or { kind: "server", server: NAME }, or no endpoint for all servers.',
  });
}

function switchedOff({ name, flaw, disabledReason }: GatewayUpstream): GatewayError {
  const reason = flaw ?? disabledReason ?? 'enabled is false in its definition';
  return new GatewayError('OMNI_UPSTREAM_DISABLED', `"${name}" is switched off: ${reason}`);
}

function stopping(what: string): GatewayError {
  return new GatewayError('OMNI_SHUTTING_DOWN', `Omni is stopping and takes ${what}`);
}

/**
 * The phases of the start; the stop has them in the reverse order. What comes before them is in the phases of
 * whoever makes the gateway: configuration, log, container.
 */
function lifecyclePartsOf(parts: MasterServerParts, keptOverrides: KeptOverrides): readonly LifecyclePart[] {
  const { health, protocol, refresher, lists, catalogue, supervision, upstreams } = parts;
  const { launcher, http, dialer } = parts;
  const scan = new RepairScan(upstreams, parts.clock);
  const { listening, starts, memory } = parts;
  return [
    {
      name: 'own parts',
      async stop() {
        parts.credentials.close?.();
        await parts.endOfParts();
      },
    },
    { name: 'dialer', stop: () => dialer?.close() },
    { name: 'http client', stop: () => http?.close() },
    { name: 'launcher', stop: () => launcher?.close() },
    { name: 'memory guard', start: () => memory?.start(), stop: () => memory?.stop() },
    { name: 'health monitor', start: (signal) => health.start(signal) },
    {
      name: 'listeners',
      start: () => listening?.open(),
      stop: (deadlineMs) => listening?.close(deadlineMs),
    },
    {
      name: 'coordinator',
      start: () => supervision.start(),
      stop: (deadlineMs) => supervision.stop(deadlineMs),
    },
    { name: 'overrides', start: () => keptOverrides.restore() },
    // Limits of calls are there, and so is what watches: from here on processes may be started.
    {
      name: 'guards',
      start(signal) {
        starts.open();
        signal.addEventListener('abort', () => starts.hold(), { once: true });
      },
    },
    { name: 'upstreams', start: () => upstreams.start(), stop: () => upstreams.stop() },
    // What ends with the gateway is decided by main, which waits for nobody.
    { name: 'decisions', stop: () => supervision.hold() },
    { name: 'repair scan', start: () => scan.start(), stop: () => scan.stop() },
    { name: 'catalogue', stop: () => catalogue.close() },
    { name: 'variant reader', stop: () => lists.stop() },
    { name: 'catalogue refresher', start: () => refresher.start(), stop: () => refresher.stop() },
    { name: 'protocol', stop: (deadlineMs) => protocol.stop({ deadlineMs }) },
    {
      name: 'readiness',
      start: () => health.setAccepting(true),
      stop() {
        health.setAccepting(false);
        listening?.stopAccepting();
      },
    },
  ];
}
