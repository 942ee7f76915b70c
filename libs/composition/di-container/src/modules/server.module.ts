import { ConfigurationManager } from '@omni/config';
import { MemoryGuard } from '@omni/call-policies';
import { HealthMonitor } from '@omni/health';
import { MasterServer } from '../master-server.ts';
import type { Scope } from '../scope/scope.ts';
import { Token } from '../token.ts';
import { UpstreamHealth } from '../upstreams/upstream-health.ts';

const MEMORY_LEVELS = { none: 'ok', high: 'warn', critical: 'error' } as const;

/** The gateway as a whole. */
export function registerServer(scope: Scope): void {
  scope.register(Token.ConfigurationManager, {
    needs: { configuration: Token.Configuration, logger: Token.Logger },
    useFactory: ({ configuration, logger }) => new ConfigurationManager(configuration, logger),
  });
  scope.register(Token.HealthMonitor, {
    needs: { clock: Token.Clock, logger: Token.Logger },
    useFactory: (parts) => new HealthMonitor(parts),
  });
  scope.register(Token.MemoryGuard, {
    needs: {
      configuration: Token.Configuration,
      heap: Token.HeapMeter,
      health: Token.HealthMonitor,
      clock: Token.Clock,
      logger: Token.Logger,
    },
    useFactory: ({ configuration: { limits }, heap, health, clock, logger }) => {
      if (heap === undefined || limits.maxHeapShare === 1) return undefined;
      let since = clock.now();
      const guard = new MemoryGuard({
        heap,
        share: limits.maxHeapShare,
        clock,
        onChange(pressure, { usedBytes, limitBytes }) {
          since = clock.now();
          const fields = { pressure, usedBytes, limitBytes };
          if (pressure === 'none') logger.info(fields, 'there is memory for new requests again');
          else logger.warn(fields, 'the heap is nearly full: new requests are refused');
          health.refresh();
        },
      });
      health.register({
        name: 'memory',
        critical: true,
        getStatus: () => ({ level: MEMORY_LEVELS[guard.pressure], since, details: { ...guard.facts } }),
      });
      return guard;
    },
  });
  scope.register(Token.UpstreamHealth, {
    needs: {
      health: Token.HealthMonitor,
      registry: Token.UpstreamRegistry,
      upstreams: Token.Upstreams,
      catalogue: Token.Catalogue,
      policies: Token.RoutingPolicies,
      limiter: Token.CallLimiter,
      queues: Token.CallQueues,
      overrides: Token.Overrides,
      balancers: Token.Balancers,
      clock: Token.Clock,
    },
    useFactory: (parts) => new UpstreamHealth(parts),
  });
  scope.register(Token.MasterServer, {
    needs: {
      configurations: Token.ConfigurationManager,
      protocol: Token.ProtocolHandler,
      authentication: Token.Authentication,
      registry: Token.UpstreamRegistry,
      supervision: Token.Supervision,
      supervisionObserver: Token.SupervisionObserver,
      isStored: Token.StoreSettings,
      readStoredDefinitions: Token.ReadStoredDefinitions,
      telemetry: Token.UpstreamTelemetry,
      upstreams: Token.Upstreams,
      policies: Token.RoutingPolicies,
      candidates: Token.RequestCandidates,
      callStages: Token.CallStages,
      overrides: Token.Overrides,
      audit: Token.Audit,
      queues: Token.CallQueues,
      starts: Token.StartLimiter,
      refresher: Token.CatalogueRefresher,
      lists: Token.VariantReader,
      catalogue: Token.CatalogueWriter,
      listed: Token.ListedReplicas,
      balancers: Token.Balancers,
      health: Token.HealthMonitor,
      upstreamHealth: Token.UpstreamHealth,
      launcher: Token.ChildLauncher,
      http: Token.HttpClient,
      dialer: Token.ChannelDialer,
      credentials: Token.CredentialProvider,
      clock: Token.Clock,
      logger: Token.Logger,
      listening: Token.Listening,
      memory: Token.MemoryGuard,
      startPhases: Token.StartPhases,
      endOfParts: Token.EndOfParts,
      events: Token.EventBus,
      measurements: Token.Measurements,
    },
    useFactory: ({ isStored, ...parts }) => new MasterServer({ ...parts, isStored: isStored !== undefined }),
  });
}
