import { Balancers, CallQueues, Limiter, Overrides } from '@omni/call-policies';
import { coordinatorProgram, InlineRoleHost, Supervision } from '@omni/coordinator';
import { callTimeouts, type NewEvent } from '@omni/events';
import { DEFAULT_UPSTREAM_LIMITS, Prober, StartLimiter, UpstreamRegistry, Upstreams } from '@omni/upstreams';
import { callStages } from './call-stages.ts';
import { routingPolicies } from './routing-policies.ts';
import { shortIdentity } from '../identity.ts';
import type { Scope } from '../scope/scope.ts';
import { measuredProber } from '../telemetry/measured-prober.ts';
import { observedLauncher } from '../telemetry/observed-launcher.ts';
import { Token } from '../token.ts';
import { checkDefinitions } from '../upstreams/definition-check.ts';
import { errorBudgetEffects } from '../upstreams/error-budget-effects.ts';
import { UpstreamDirectory } from '../upstreams/upstream-directory.ts';
import { unknownServer } from '../upstreams/unknown-server.ts';
import { upstreamObserver } from '../upstreams/upstream-observer.ts';

/** The upstreams and their connections. */
export function registerUpstreams(scope: Scope): void {
  scope.register(Token.UpstreamRegistry, {
    needs: {
      configuration: Token.Configuration,
      launcher: Token.ChildLauncher,
      http: Token.HttpClient,
      dialer: Token.ChannelDialer,
    },
    useFactory: ({ configuration: { upstreams }, ...adapters }) => {
      checkDefinitions(upstreams, adapters);
      return new UpstreamRegistry(upstreams);
    },
  });
  scope.register(Token.Overrides, {
    needs: { registry: Token.UpstreamRegistry, clock: Token.Clock },
    useFactory: ({ registry, clock }) =>
      new Overrides({
        clock,
        check: (upstream) => {
          const { current } = registry;
          if (current.get(upstream) === undefined) throw unknownServer(upstream, current.names);
        },
      }),
  });
  scope.register(Token.RoutingPolicies, {
    needs: {
      configuration: Token.Configuration,
      registry: Token.UpstreamRegistry,
      overrides: Token.Overrides,
      records: Token.CallRecords,
      events: Token.EventBus,
      limiter: Token.CallLimiter,
      queues: Token.CallQueues,
      hidden: Token.HiddenItems,
      health: Token.HealthMonitor,
      clock: Token.Clock,
      random: Token.Random,
    },
    useFactory: ({
      configuration: { limits, storage },
      registry,
      overrides,
      events: bus,
      limiter,
      queues,
      hidden,
      health,
      ...parts
    }) =>
      routingPolicies({
        limits,
        specOf: (upstream) => registry.inForce(upstream),
        overrides,
        storage,
        ...parts,
        limiter,
        inFlight: limits,
        queues,
        budgets: (events) =>
          errorBudgetEffects({ limiter, events, hidden, onHealth: () => health.refresh() }),
        publish: (event) => void bus.publish(event),
      }),
  });
  scope.register(Token.CallQueues, {
    needs: { clock: Token.Clock },
    useFactory: ({ clock }) => new CallQueues(clock),
  });
  scope.register(Token.Balancers, {
    needs: { registry: Token.UpstreamRegistry, clock: Token.Clock, random: Token.Random },
    useFactory: ({ registry, ...parts }) =>
      new Balancers({ ...parts, inForce: (server) => registry.inForce(server) }),
  });
  scope.register(Token.CallLimiter, {
    needs: { configuration: Token.Configuration, queues: Token.CallQueues, clock: Token.Clock },
    useFactory: ({ configuration: { limits }, queues, clock }) => new Limiter({ ...limits, queues, clock }),
  });
  scope.register(Token.CallStages, {
    needs: {
      policies: Token.RoutingPolicies,
      events: Token.EventBus,
      clock: Token.Clock,
      meter: Token.CallMeter,
      tracer: Token.Tracer,
    },
    useFactory: ({ events, clock, ...parts }) =>
      callStages({
        ...parts,
        timeouts: callTimeouts((event) => void events.publish(event), clock),
      }),
  });
  scope.register(Token.StartLimiter, {
    needs: { configuration: Token.Configuration, clock: Token.Clock },
    useFactory: ({ configuration: { limits }, clock }) => new StartLimiter({ ...limits, clock }),
  });
  scope.register(Token.SupervisionObserver, { useFactory: () => ({}) });
  scope.register(Token.Supervision, {
    needs: {
      configuration: Token.Configuration,
      host: Token.RoleHost,
      store: Token.StoreSettings,
      observer: Token.SupervisionObserver,
      clock: Token.Clock,
      random: Token.Random,
      logger: Token.Logger,
    },
    useFactory: ({ configuration, host, store, clock, random, ...parts }) =>
      new Supervision({
        ...parts,
        host: host ?? new InlineRoleHost(coordinatorProgram({ clock, random })),
        clock,
        random,
        run: crypto.randomUUID(),
        retentionMs: configuration.storage.healthLogRetentionMs,
        scanMs: configuration.storage.scanMs,
        ...(store !== undefined && { store }),
      }),
  });
  scope.register(Token.CallRecords, {
    needs: { supervision: Token.Supervision },
    useFactory: ({ supervision }) => supervision.keptCalls,
  });
  scope.register(Token.LifecycleOwner, {
    needs: { supervision: Token.Supervision },
    useFactory: ({ supervision }) => supervision,
  });
  scope.register(Token.Upstreams, {
    needs: {
      configuration: Token.Configuration,
      identity: Token.Identity,
      registry: Token.UpstreamRegistry,
      launcher: Token.ChildLauncher,
      http: Token.HttpClient,
      dialer: Token.ChannelDialer,
      credentials: Token.CredentialProvider,
      dialects: Token.Dialects,
      clock: Token.Clock,
      random: Token.Random,
      logger: Token.Logger,
      limiter: Token.CallLimiter,
      stages: Token.CallStages,
      events: Token.EventBus,
      telemetry: Token.UpstreamTelemetry,
      starts: Token.StartLimiter,
      refresher: Token.CatalogueRefresher,
      reader: Token.VariantReader,
      health: Token.HealthMonitor,
      lifecycle: Token.LifecycleOwner,
    },
    useFactory: ({
      configuration: { limits },
      identity,
      registry,
      launcher,
      http,
      dialer,
      credentials,
      dialects,
      clock,
      random,
      logger,
      limiter,
      stages,
      events,
      telemetry,
      starts,
      refresher,
      reader,
      health,
      lifecycle,
    }) => {
      const publish = (event: NewEvent): void => void events.publish(event);
      return new Upstreams({
        lifecycle,
        specs: registry.current.all,
        ...(launcher === undefined
          ? {}
          : { launcher: observedLauncher({ launcher, publish, meter: telemetry.meter }) }),
        ...(http === undefined ? {} : { http }),
        ...(dialer === undefined ? {} : { dialer }),
        credentials,
        dialects,
        clock,
        random,
        logger,
        identity: shortIdentity(identity),
        limits: {
          ...DEFAULT_UPSTREAM_LIMITS,
          maxInstances: limits.maxInstances,
          maxUpstreamMessageBytes: limits.maxUpstreamMessageBytes,
          maxUnfinishedBytes: limits.maxUnfinishedBytes,
        },
        stages: stages.map(({ stage }) => stage),
        holdPlace: limiter.hold,
        starts,
        ...(telemetry.meter && { prober: measuredProber(new Prober(clock), telemetry.meter, clock) }),
        observer: upstreamObserver({
          refresher,
          reader,
          health,
          telemetry,
          groupOf: (upstream) => registry.current.groupOf(upstream),
        }),
      });
    },
  });
  scope.register(Token.UpstreamDirectory, {
    needs: { upstreams: Token.Upstreams, registry: Token.UpstreamRegistry },
    useFactory: ({ upstreams, registry }) => new UpstreamDirectory(upstreams, registry),
  });
}
