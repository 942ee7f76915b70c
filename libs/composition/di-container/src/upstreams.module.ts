import { DEFAULT_UPSTREAM_LIMITS, Upstreams } from '@omni/upstreams';
import { ContainerModule } from 'inversify';
import { IDENTITY } from './identity.ts';
import { bindPart } from './part.ts';
import { Token } from './token.ts';
import { UpstreamDirectory } from './upstream-directory.ts';
import { upstreamObserver } from './upstream-observer.ts';

/** The upstreams and their connections. */
export const upstreamsModule: ContainerModule = new ContainerModule(({ bind }) => {
  bindPart(
    bind,
    Token.Upstreams,
    {
      configuration: Token.Configuration,
      launcher: Token.ChildLauncher,
      http: Token.HttpClient,
      dialer: Token.ChannelDialer,
      credentials: Token.CredentialProvider,
      clock: Token.Clock,
      logger: Token.Logger,
      refresher: Token.CatalogueRefresher,
      reader: Token.VariantReader,
      health: Token.HealthMonitor,
    },
    ({
      configuration: { upstreams, limits },
      launcher,
      http,
      dialer,
      credentials,
      clock,
      logger,
      refresher,
      reader,
      health,
    }) =>
      new Upstreams({
        specs: upstreams,
        ...(launcher === undefined ? {} : { launcher }),
        ...(http === undefined ? {} : { http }),
        ...(dialer === undefined ? {} : { dialer }),
        credentials,
        clock,
        logger,
        identity: IDENTITY,
        limits: {
          ...DEFAULT_UPSTREAM_LIMITS,
          maxInFlight: limits.maxInFlight,
          maxInstances: limits.maxInstances,
          maxUpstreamMessageBytes: limits.maxUpstreamMessageBytes,
          maxHeldBytes: limits.maxHeldBytes,
        },
        observer: upstreamObserver({ refresher, reader, health, logger }),
      }),
  );
  bindPart(
    bind,
    Token.UpstreamDirectory,
    { upstreams: Token.Upstreams },
    ({ upstreams }) => new UpstreamDirectory(upstreams),
  );
});
