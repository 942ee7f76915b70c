import { isLoopbackHost, OriginGuard, TokenCheck } from '@omni/auth';
import { Catalogue, CatalogueKeeper, readCatalogue } from '@omni/capabilities';
import { HealthMonitor } from '@omni/health';
import { ProtocolHandler } from '@omni/protocol';
import { RequestRouter, ResourceSubscriptions } from '@omni/router';
import { DEFAULT_UPSTREAM_LIMITS, Upstreams } from '@omni/upstreams';
import { ContainerModule } from 'inversify';
import { offerOf, routesOf } from './catalogue-view.ts';
import { healthPage } from './health-pages.ts';
import { IDENTITY } from './identity.ts';
import { MasterServer } from './master-server.ts';
import { Token } from './token.ts';
import { UpstreamDirectory } from './upstream-directory.ts';
import { upstreamObserver } from './upstream-observer.ts';

/** Wires the core to its ports. Which adapter answers a port is the caller's choice. */
export const coreModule: ContainerModule = new ContainerModule(({ bind }) => {
  bind(Token.Catalogue)
    .toResolvedValue(
      (configuration, clock) =>
        new Catalogue({
          order: configuration.upstreams.map((upstream) => upstream.name),
          prefix: configuration.naming.prefix,
          identity: IDENTITY,
          clock,
        }),
      [Token.Configuration, Token.Clock],
    )
    .inSingletonScope();
  bind(Token.CatalogueKeeper)
    .toResolvedValue(
      (configuration, catalogue, clock, logger, startGraceMs) =>
        new CatalogueKeeper({
          publish: (upstream, read) => catalogue.set(upstream, read),
          read: (link) => readCatalogue(link, { identity: IDENTITY }),
          awaited: configuration.upstreams.filter((upstream) => upstream.enabled).map((upstream) => upstream.name),
          clock,
          logger,
          startGraceMs,
        }),
      [Token.Configuration, Token.Catalogue, Token.Clock, Token.Logger, Token.StartGraceMs],
    )
    .inSingletonScope();
  bind(Token.Upstreams)
    .toResolvedValue(
      (configuration, launcher, http, dialer, clock, logger, keeper, health) =>
        new Upstreams({
          specs: configuration.upstreams,
          ...(launcher === undefined ? {} : { launcher }),
          ...(http === undefined ? {} : { http }),
          ...(dialer === undefined ? {} : { dialer }),
          clock,
          logger,
          identity: IDENTITY,
          limits: {
            ...DEFAULT_UPSTREAM_LIMITS,
            maxInFlight: configuration.limits.maxInFlight,
            maxInstances: configuration.limits.maxInstances,
            maxUpstreamMessageBytes: configuration.limits.maxUpstreamMessageBytes,
          },
          observer: upstreamObserver({ keeper, health, logger }),
        }),
      [
        Token.Configuration,
        Token.ChildLauncher,
        Token.HttpClient,
        Token.ChannelDialer,
        Token.Clock,
        Token.Logger,
        Token.CatalogueKeeper,
        Token.HealthMonitor,
      ],
    )
    .inSingletonScope();
  bind(Token.UpstreamDirectory)
    .toResolvedValue((upstreams) => new UpstreamDirectory(upstreams), [Token.Upstreams])
    .inSingletonScope();
  bind(Token.RequestRouter)
    .toResolvedValue(
      (catalogue, upstreams, keeper, clock) =>
        new RequestRouter({ catalogue: routesOf(catalogue), upstreams, clock, whenSettled: (listener) => keeper.whenSettled(listener) }),
      [Token.Catalogue, Token.UpstreamDirectory, Token.CatalogueKeeper, Token.Clock],
    )
    .inSingletonScope();
  bind(Token.ResourceSubscriptions)
    .toResolvedValue(
      (catalogue, upstreams) => new ResourceSubscriptions({ catalogue: routesOf(catalogue), upstreams }),
      [Token.Catalogue, Token.UpstreamDirectory],
    )
    .inSingletonScope();
  bind(Token.TokenCheck)
    .toResolvedValue(
      ({ auth }) => new TokenCheck({ mode: auth.mode, tokens: auth.token === undefined ? [] : [{ id: 'owner', token: auth.token }] }),
      [Token.Configuration],
    )
    .inSingletonScope();
  bind(Token.OriginGuard)
    .toResolvedValue(({ server }) => new OriginGuard({ ...server, isLoopback: isLoopbackHost(server.host) }), [Token.Configuration])
    .inSingletonScope();
  bind(Token.HealthMonitor)
    .toResolvedValue(() => new HealthMonitor(), [])
    .inSingletonScope();
  bind(Token.ProtocolHandler)
    .toResolvedValue(
      (configuration, catalogue, keeper, dispatch, updates, authentication, hostCheck, health, clock, logger) =>
        new ProtocolHandler({
          offer: offerOf(catalogue, keeper, new Set(configuration.upstreams.map((upstream) => upstream.name))),
          dispatch,
          updates,
          authentication,
          hostCheck,
          probes: { answer: (path, isTrusted) => healthPage(health, path, isTrusted) },
          identity: IDENTITY,
          limits: configuration.limits,
          legacySse: configuration.server.legacySse,
          clock,
          logger,
        }),
      [
        Token.Configuration,
        Token.Catalogue,
        Token.CatalogueKeeper,
        Token.RequestRouter,
        Token.ResourceSubscriptions,
        Token.TokenCheck,
        Token.OriginGuard,
        Token.HealthMonitor,
        Token.Clock,
        Token.Logger,
      ],
    )
    .inSingletonScope();
  bind(Token.MasterServer)
    .toResolvedValue(
      (configuration, protocol, upstreams, keeper, catalogue, health, launcher, http, dialer) =>
        new MasterServer({ configuration, protocol, upstreams, keeper, catalogue, health, launcher, http, dialer }),
      [
        Token.Configuration,
        Token.ProtocolHandler,
        Token.Upstreams,
        Token.CatalogueKeeper,
        Token.Catalogue,
        Token.HealthMonitor,
        Token.ChildLauncher,
        Token.HttpClient,
        Token.ChannelDialer,
      ],
    )
    .inSingletonScope();
});
