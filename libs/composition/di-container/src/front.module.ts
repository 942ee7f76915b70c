import { ProtocolHandler } from '@omni/protocol';
import { ContainerModule } from 'inversify';
import type { GatewayConfiguration } from './gateway-options.ts';
import { healthPage } from './health-pages.ts';
import { IDENTITY } from './identity.ts';
import { bindPart } from './part.ts';
import { Token } from './token.ts';

/** Where clients connect. */
export const frontModule: ContainerModule = new ContainerModule(({ bind }) => {
  bindPart(
    bind,
    Token.ProtocolHandler,
    {
      configuration: Token.Configuration,
      views: Token.CatalogueViews,
      dispatch: Token.RequestRouter,
      updates: Token.ResourceSubscriptions,
      authentication: Token.TokenCheck,
      hostCheck: Token.OriginGuard,
      health: Token.HealthMonitor,
      clock: Token.Clock,
      logger: Token.Logger,
    },
    ({ configuration, health, ...parts }) =>
      new ProtocolHandler({
        ...parts,
        probes: { answer: (path, isTrusted) => healthPage(health, path, isTrusted) },
        identity: IDENTITY,
        limits: configuration.limits,
        forwardable: forwardedBy(configuration.upstreams),
        legacySse: configuration.server.legacySse,
      }),
  );
});

/** Names of the headers of clients that some server is told, each once. */
function forwardedBy(upstreams: GatewayConfiguration['upstreams']): readonly string[] {
  return [...new Set(upstreams.flatMap(({ forwardHeaders }) => forwardHeaders ?? []))];
}
