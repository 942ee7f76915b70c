import { Limiter } from '@omni/call-policies';
import { DEFAULT_UPSTREAM_LIMITS, UpstreamRegistry, Upstreams } from '@omni/upstreams';
import { ContainerModule } from 'inversify';
import { callStages } from './call-stages.ts';
import { IDENTITY } from './identity.ts';
import { bindPart } from './part.ts';
import { Token } from './token.ts';
import { UpstreamDirectory } from './upstream-directory.ts';
import { upstreamObserver } from './upstream-observer.ts';

/** The upstreams and their connections. */
export const upstreamsModule: ContainerModule = new ContainerModule(({ bind }) => {
  bindPart(
    bind,
    Token.UpstreamRegistry,
    { configuration: Token.Configuration },
    ({ configuration: { upstreams } }) => new UpstreamRegistry(upstreams),
  );
  bindPart(
    bind,
    Token.CallLimiter,
    { configuration: Token.Configuration },
    ({ configuration: { limits } }) => new Limiter(limits),
  );
  bindPart(
    bind,
    Token.Upstreams,
    {
      configuration: Token.Configuration,
      registry: Token.UpstreamRegistry,
      launcher: Token.ChildLauncher,
      http: Token.HttpClient,
      dialer: Token.ChannelDialer,
      credentials: Token.CredentialProvider,
      clock: Token.Clock,
      random: Token.Random,
      logger: Token.Logger,
      limiter: Token.CallLimiter,
      refresher: Token.CatalogueRefresher,
      reader: Token.VariantReader,
      health: Token.HealthMonitor,
    },
    ({
      configuration: { limits },
      registry,
      launcher,
      http,
      dialer,
      credentials,
      clock,
      random,
      logger,
      limiter,
      refresher,
      reader,
      health,
    }) =>
      new Upstreams({
        specs: registry.current.all,
        ...(launcher === undefined ? {} : { launcher }),
        ...(http === undefined ? {} : { http }),
        ...(dialer === undefined ? {} : { dialer }),
        credentials,
        clock,
        random,
        logger,
        identity: IDENTITY,
        limits: {
          ...DEFAULT_UPSTREAM_LIMITS,
          maxInstances: limits.maxInstances,
          maxUpstreamMessageBytes: limits.maxUpstreamMessageBytes,
          maxUnfinishedBytes: limits.maxUnfinishedBytes,
        },
        stages: callStages({ limiter }),
        holdPlace: limiter.hold,
        observer: upstreamObserver({ refresher, reader, health, logger }),
      }),
  );
  bindPart(
    bind,
    Token.UpstreamDirectory,
    { upstreams: Token.Upstreams, registry: Token.UpstreamRegistry },
    ({ upstreams, registry }) => new UpstreamDirectory(upstreams, registry),
  );
});
