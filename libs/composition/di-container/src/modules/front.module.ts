import { ProtocolHandler } from '@omni/protocol';
import type { UpstreamRegistry } from '@omni/upstreams';
import type { GatewayUpstream } from '../gateway-options.ts';
import { healthPage } from '../health-pages.ts';
import type { Scope } from '../scope/scope.ts';
import { metricsPage } from '../telemetry/metrics-page.ts';
import { Token } from '../token.ts';
import { isWatched } from '../upstreams/upstream-health.ts';

/** Where clients connect. */
export function registerFront(scope: Scope): void {
  scope.register(Token.ProtocolHandler, {
    needs: {
      configuration: Token.Configuration,
      identity: Token.Identity,
      registry: Token.UpstreamRegistry,
      views: Token.CatalogueViews,
      router: Token.RequestRouter,
      updates: Token.ResourceSubscriptions,
      authentication: Token.Authentication,
      hostCheck: Token.OriginGuard,
      identityCheck: Token.IdentityCheck,
      health: Token.HealthMonitor,
      pages: Token.Pages,
      metrics: Token.Metrics,
      memory: Token.MemoryGuard,
      watch: Token.RequestWatch,
      dialects: Token.Dialects,
      clock: Token.Clock,
      random: Token.Random,
      openSessionScope: Token.OpenSessionScope,
      logger: Token.Logger,
    },
    useFactory: ({ configuration, registry, health, pages, metrics, router, identityCheck, ...parts }) => {
      const switchedOff = (): readonly string[] =>
        registry.current.all.filter((spec) => !isWatched(spec)).map(({ name }) => name);
      return new ProtocolHandler({
        ...parts,
        dispatch: router,
        probes: {
          find(path, query) {
            const found =
              healthPage({ health, switchedOff }, path, query) ?? (metrics && metricsPage(metrics, path));
            const page =
              found === undefined ? (identityCheck?.resourcePage(path) ?? pages?.(path)) : undefined;
            return page === undefined ? found : () => page;
          },
        },
        limits: configuration.limits,
        infoShare: configuration.logging.sampleRequests,
        forwardable: forwardedBy(registry),
        legacySse: configuration.server.legacySse,
      });
    },
  });
}

/**
 * Names of the client headers that some server is sent, without duplicates; the list follows the registry.
 */
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
