import { Limiter } from '@omni/call-policies';
import { DEFAULT_UPSTREAM_LIMITS, Upstreams } from '@omni/upstreams';
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
    Token.CallLimiter,
    { configuration: Token.Configuration },
    ({ configuration: { limits } }) => new Limiter(limits),
  );
  bindPart(
    bind,
    Token.Upstreams,
    {
      configuration: Token.Configuration,
      launcher: Token.ChildLauncher,
      http: Token.HttpClient,
      dialer: Token.ChannelDialer,
      clock: Token.Clock,
      logger: Token.Logger,
      limiter: Token.CallLimiter,
      refresher: Token.CatalogueRefresher,
      reader: Token.VariantReader,
      health: Token.HealthMonitor,
    },
    ({
      configuration: { upstreams, limits },
      launcher,
      http,
      dialer,
      clock,
      logger,
      limiter,
      refresher,
      reader,
      health,
    }) =>
      new Upstreams({
        specs: upstreams,
        ...(launcher === undefined ? {} : { launcher }),
        ...(http === undefined ? {} : { http }),
        ...(dialer === undefined ? {} : { dialer }),
        clock,
        logger,
        identity: IDENTITY,
        limits: {
          ...DEFAULT_UPSTREAM_LIMITS,
          maxInstances: limits.maxInstances,
          maxUpstreamMessageBytes: limits.maxUpstreamMessageBytes,
          maxHeldBytes: limits.maxHeldBytes,
        },
        stages: callStages({ limiter }),
        holdPlace: limiter.hold,
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
