import { HealthMonitor } from '@omni/health';
import { ContainerModule } from 'inversify';
import { MasterServer } from './master-server.ts';
import { bindPart } from './part.ts';
import { Token } from './token.ts';
import { UpstreamHealth } from './upstream-health.ts';

/** The gateway as a whole. */
export const serverModule: ContainerModule = new ContainerModule(({ bind }) => {
  bindPart(bind, Token.HealthMonitor, { clock: Token.Clock }, ({ clock }) => new HealthMonitor({ clock }));
  bindPart(
    bind,
    Token.UpstreamHealth,
    {
      health: Token.HealthMonitor,
      registry: Token.UpstreamRegistry,
      upstreams: Token.Upstreams,
      catalogue: Token.Catalogue,
      clock: Token.Clock,
    },
    (parts) => new UpstreamHealth(parts),
  );
  bindPart(
    bind,
    Token.MasterServer,
    {
      configuration: Token.Configuration,
      protocol: Token.ProtocolHandler,
      registry: Token.UpstreamRegistry,
      upstreams: Token.Upstreams,
      refresher: Token.CatalogueRefresher,
      lists: Token.VariantReader,
      catalogue: Token.Catalogue,
      health: Token.HealthMonitor,
      upstreamHealth: Token.UpstreamHealth,
      launcher: Token.ChildLauncher,
      http: Token.HttpClient,
      dialer: Token.ChannelDialer,
      clock: Token.Clock,
      logger: Token.Logger,
    },
    (parts) => new MasterServer(parts),
  );
});
