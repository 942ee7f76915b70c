import { HealthMonitor } from '@omni/health';
import { ContainerModule } from 'inversify';
import { MasterServer } from './master-server.ts';
import { bindPart } from './part.ts';
import { Token } from './token.ts';

/** The gateway as a whole. */
export const serverModule: ContainerModule = new ContainerModule(({ bind }) => {
  bindPart(bind, Token.HealthMonitor, {}, () => new HealthMonitor());
  bindPart(
    bind,
    Token.MasterServer,
    {
      configuration: Token.Configuration,
      protocol: Token.ProtocolHandler,
      upstreams: Token.Upstreams,
      refresher: Token.CatalogueRefresher,
      lists: Token.VariantReader,
      catalogue: Token.Catalogue,
      health: Token.HealthMonitor,
      launcher: Token.ChildLauncher,
      http: Token.HttpClient,
      dialer: Token.ChannelDialer,
    },
    (parts) => new MasterServer(parts),
  );
});
