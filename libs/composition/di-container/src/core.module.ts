import { isLoopbackHost, OriginGuard, TokenCheck, type AcceptedToken } from '@omni/auth';
import { Catalogue, CatalogueRefresher, VariantReader, readCatalogue } from '@omni/capabilities';
import { HealthMonitor } from '@omni/health';
import { ProtocolHandler } from '@omni/protocol';
import { RequestRouter, ResourceSubscriptions, StateSeal } from '@omni/router';
import { VariantKeys, DEFAULT_UPSTREAM_LIMITS, Upstreams } from '@omni/upstreams';
import { ContainerModule } from 'inversify';
import { ClientViews } from './client-views.ts';
import type { GatewayConfiguration } from './gateway-options.ts';
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
          off: configuration.upstreams
            .filter((upstream) => !upstream.enabled)
            .map((upstream) => upstream.name),
          prefix: configuration.naming.prefix,
          identity: IDENTITY,
          clock,
        }),
      [Token.Configuration, Token.Clock],
    )
    .inSingletonScope();
  bind(Token.VariantKeys)
    .toResolvedValue(() => new VariantKeys(), [])
    .inSingletonScope();
  bind(Token.VariantReader)
    .toResolvedValue(
      (configuration, catalogue, variantKeys, clock, logger, startGraceMs) =>
        new VariantReader({
          upstreams: configuration.upstreams.map((upstream) => upstream.name),
          variantKeyOf: (client) => variantKeys.of(client),
          isRead: (upstream) => catalogue.isRead(upstream),
          read: ({ connection, capabilities }) =>
            readCatalogue(connection, { identity: IDENTITY, capabilities }),
          publish: (variantKey, upstream, read, isNews) =>
            catalogue.setFor(variantKey, upstream, read, isNews),
          forget: (variantKey) => catalogue.forget(variantKey),
          clock,
          logger,
          listWaitMs: startGraceMs,
        }),
      [
        Token.Configuration,
        Token.Catalogue,
        Token.VariantKeys,
        Token.Clock,
        Token.Logger,
        Token.StartGraceMs,
      ],
    )
    .inSingletonScope();
  bind(Token.ClientViews)
    .toResolvedValue(
      (configuration, catalogue, refresher, reader, variantKeys, sources) =>
        new ClientViews({
          catalogue,
          refresher,
          reader,
          variantKeys,
          sources,
          names: new Set(configuration.upstreams.map((upstream) => upstream.name)),
        }),
      [
        Token.Configuration,
        Token.Catalogue,
        Token.CatalogueRefresher,
        Token.VariantReader,
        Token.VariantKeys,
        Token.UpstreamDirectory,
      ],
    )
    .inSingletonScope();
  bind(Token.CatalogueRefresher)
    .toResolvedValue(
      (configuration, catalogue, lists, clock, logger, startGraceMs) =>
        new CatalogueRefresher({
          publish: (upstream, read) => {
            if (catalogue.set(upstream, read)) lists.onBaseChanged(upstream);
          },
          read: (connection) => readCatalogue(connection, { identity: IDENTITY }),
          awaited: configuration.upstreams
            .filter((upstream) => upstream.enabled)
            .map((upstream) => upstream.name),
          clock,
          logger,
          startGraceMs,
        }),
      [
        Token.Configuration,
        Token.Catalogue,
        Token.VariantReader,
        Token.Clock,
        Token.Logger,
        Token.StartGraceMs,
      ],
    )
    .inSingletonScope();
  bind(Token.Upstreams)
    .toResolvedValue(
      (configuration, launcher, http, dialer, clock, logger, refresher, lists, health) =>
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
            maxHeldBytes: configuration.limits.maxHeldBytes,
          },
          observer: upstreamObserver({ refresher, lists, health, logger }),
        }),
      [
        Token.Configuration,
        Token.ChildLauncher,
        Token.HttpClient,
        Token.ChannelDialer,
        Token.Clock,
        Token.Logger,
        Token.CatalogueRefresher,
        Token.VariantReader,
        Token.HealthMonitor,
      ],
    )
    .inSingletonScope();
  bind(Token.UpstreamDirectory)
    .toResolvedValue((upstreams) => new UpstreamDirectory(upstreams), [Token.Upstreams])
    .inSingletonScope();
  bind(Token.RequestRouter)
    .toResolvedValue(
      ({ naming, sealing, upstreams: configured }, upstreams, views, clock) =>
        new RequestRouter({
          views,
          upstreams,
          forwards: forwardsTo(configured),
          clock,
          ...(sealing.keys.length === 0
            ? {}
            : { seal: new StateSeal(sealing.keys.map((bytes) => ({ bytes }))) }),
          labelsElicitations: naming.labelElicitations,
        }),
      [Token.Configuration, Token.UpstreamDirectory, Token.ClientViews, Token.Clock],
    )
    .inSingletonScope();
  bind(Token.ResourceSubscriptions)
    .toResolvedValue(
      (views, upstreams) => new ResourceSubscriptions({ views, upstreams }),
      [Token.ClientViews, Token.UpstreamDirectory],
    )
    .inSingletonScope();
  bind(Token.TokenCheck)
    .toResolvedValue(
      ({ auth }) => new TokenCheck({ mode: auth.mode, tokens: acceptedTokens(auth) }),
      [Token.Configuration],
    )
    .inSingletonScope();
  bind(Token.OriginGuard)
    .toResolvedValue(
      ({ server }) => new OriginGuard({ ...server, isLoopback: isLoopbackHost(server.host) }),
      [Token.Configuration],
    )
    .inSingletonScope();
  bind(Token.HealthMonitor)
    .toResolvedValue(() => new HealthMonitor(), [])
    .inSingletonScope();
  bind(Token.ProtocolHandler)
    .toResolvedValue(
      (configuration, views, dispatch, updates, authentication, hostCheck, health, clock, logger) =>
        new ProtocolHandler({
          views,
          dispatch,
          updates,
          authentication,
          hostCheck,
          probes: { answer: (path, isTrusted) => healthPage(health, path, isTrusted) },
          identity: IDENTITY,
          limits: configuration.limits,
          forwardable: forwardedBy(configuration.upstreams),
          legacySse: configuration.server.legacySse,
          clock,
          logger,
        }),
      [
        Token.Configuration,
        Token.ClientViews,
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
      (configuration, protocol, upstreams, refresher, lists, catalogue, health, launcher, http, dialer) =>
        new MasterServer({
          configuration,
          protocol,
          upstreams,
          refresher,
          lists,
          catalogue,
          health,
          launcher,
          http,
          dialer,
        }),
      [
        Token.Configuration,
        Token.ProtocolHandler,
        Token.Upstreams,
        Token.CatalogueRefresher,
        Token.VariantReader,
        Token.Catalogue,
        Token.HealthMonitor,
        Token.ChildLauncher,
        Token.HttpClient,
        Token.ChannelDialer,
      ],
    )
    .inSingletonScope();
});

/** Names of the headers of clients that some server is told, each once. */
function forwardedBy(upstreams: GatewayConfiguration['upstreams']): readonly string[] {
  return [...new Set(upstreams.flatMap(({ forwardHeaders }) => forwardHeaders ?? []))];
}

/** Finds what an upstream is told. */
function forwardsTo(
  upstreams: GatewayConfiguration['upstreams'],
): (upstream: string) => readonly string[] | undefined {
  const names = new Map(upstreams.map(({ name, forwardHeaders }) => [name, forwardHeaders]));
  return (upstream) => names.get(upstream);
}

function acceptedTokens({ token, tokens }: GatewayConfiguration['auth']): readonly AcceptedToken[] {
  const others = tokens.map((other) => ({ id: other.name, token: other.token }));
  return token === undefined ? others : [{ id: 'owner', token }, ...others];
}
