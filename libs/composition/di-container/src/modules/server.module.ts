import { ConfigurationManager } from '@omni/config';
import { HealthMonitor } from '@omni/health';
import { MasterServer } from '../master-server.ts';
import type { Scope } from '../scope/scope.ts';
import { Token } from '../token.ts';
import { UpstreamHealth } from '../upstreams/upstream-health.ts';

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
  scope.register(Token.UpstreamHealth, {
    needs: {
      health: Token.HealthMonitor,
      registry: Token.UpstreamRegistry,
      upstreams: Token.Upstreams,
      catalogue: Token.Catalogue,
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
      starts: Token.StartLimiter,
      refresher: Token.CatalogueRefresher,
      lists: Token.VariantReader,
      catalogue: Token.CatalogueWriter,
      health: Token.HealthMonitor,
      upstreamHealth: Token.UpstreamHealth,
      launcher: Token.ChildLauncher,
      http: Token.HttpClient,
      dialer: Token.ChannelDialer,
      clock: Token.Clock,
      logger: Token.Logger,
      listening: Token.Listening,
      startPhases: Token.StartPhases,
      endOfParts: Token.EndOfParts,
      events: Token.EventBus,
      measurements: Token.Measurements,
    },
    useFactory: ({ isStored, ...parts }) => new MasterServer({ ...parts, isStored: isStored !== undefined }),
  });
}
