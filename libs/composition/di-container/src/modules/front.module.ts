import { ProtocolHandler, type ProtocolHandlerOptions } from '@omni/protocol';
import type { RequestRouter } from '@omni/router';
import type { UpstreamRegistry } from '@omni/upstreams';
import type { GatewayUpstream } from '../gateway-options.ts';
import { healthPage } from '../health-pages.ts';
import { IDENTITY } from '../identity.ts';
import type { Scope } from '../scope/scope.ts';
import { Token } from '../token.ts';

/** Where clients connect. */
export function registerFront(scope: Scope): void {
  scope.register(Token.ProtocolHandler, {
    needs: {
      configuration: Token.Configuration,
      registry: Token.UpstreamRegistry,
      views: Token.CatalogueViews,
      router: Token.RequestRouter,
      updates: Token.ResourceSubscriptions,
      authentication: Token.Authentication,
      hostCheck: Token.OriginGuard,
      health: Token.HealthMonitor,
      dialects: Token.Dialects,
      clock: Token.Clock,
      random: Token.Random,
      openSessionScope: Token.OpenSessionScope,
      logger: Token.Logger,
    },
    useFactory: ({ configuration, registry, health, router, ...parts }) =>
      new ProtocolHandler({
        ...parts,
        dispatch: dispatchTo(router),
        probes: { answer: (path, isTrusted) => healthPage(health, path, isTrusted) },
        identity: IDENTITY,
        limits: configuration.limits,
        forwardable: forwardedBy(registry),
        legacySse: configuration.server.legacySse,
      }),
  });
}

function dispatchTo(router: RequestRouter): ProtocolHandlerOptions['dispatch'] {
  return {
    route: (context, reply) => router.dispatch(context, reply),
    carries: (method, endpoint) => router.carries(method, endpoint),
    toClient: (upstream, message, client, tell) => router.toClient(upstream, message, client, tell),
    watchTasks: (watch) => router.watchTasks(watch),
  };
}

/** Names of the headers of clients that some server is told, each once: a list that follows the registry. */
function forwardedBy(registry: UpstreamRegistry<GatewayUpstream>): readonly string[] {
  const names: string[] = [];
  const follow = (): void => {
    const wanted = new Set(registry.current.all.flatMap(({ forwardHeaders }) => forwardHeaders ?? []));
    // The front reads it with each request.
    names.splice(0, names.length, ...wanted);
  };
  follow();
  registry.subscribe(follow);
  return names;
}
