import { ProtocolHandler, type ProtocolHandlerOptions } from '@omni/protocol';
import type { RequestRouter } from '@omni/router';
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
      views: Token.ClientViews,
      router: Token.RequestRouter,
      updates: Token.ResourceSubscriptions,
      authentication: Token.TokenCheck,
      hostCheck: Token.OriginGuard,
      health: Token.HealthMonitor,
      clock: Token.Clock,
      logger: Token.Logger,
    },
    ({ configuration, health, router, ...parts }) =>
      new ProtocolHandler({
        ...parts,
        dispatch: dispatchTo(router),
        probes: { answer: (path, isTrusted) => healthPage(health, path, isTrusted) },
        identity: IDENTITY,
        limits: configuration.limits,
        forwardable: forwardedBy(configuration.upstreams),
        legacySse: configuration.server.legacySse,
      }),
  );
});

function dispatchTo(router: RequestRouter): ProtocolHandlerOptions['dispatch'] {
  return {
    route: (context, reply) => router.dispatch(context, reply),
    carries: (method, endpoint) => router.carries(method, endpoint),
    toClient: (upstream, message, client, tell) => router.toClient(upstream, message, client, tell),
    watchTasks: (watch) => router.watchTasks(watch),
  };
}

/** Names of the headers of clients that some server is told, each once. */
function forwardedBy(upstreams: GatewayConfiguration['upstreams']): readonly string[] {
  return [...new Set(upstreams.flatMap(({ forwardHeaders }) => forwardHeaders ?? []))];
}
