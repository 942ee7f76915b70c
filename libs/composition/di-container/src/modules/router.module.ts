import { RequestRouter, ResourceSubscriptions, StateSeal } from '@omni/router';
import type { Scope } from '../scope/scope.ts';
import { Token } from '../token.ts';

/** Where requests go. */
export function registerRouter(scope: Scope): void {
  scope.register(Token.RequestRouter, {
    needs: {
      configuration: Token.Configuration,
      registry: Token.UpstreamRegistry,
      upstreams: Token.UpstreamDirectory,
      views: Token.CatalogueViews,
      refresher: Token.CatalogueRefresher,
      policies: Token.RoutingPolicies,
      clock: Token.Clock,
    },
    useFactory: ({
      configuration: { naming, sealing },
      registry,
      upstreams,
      views,
      refresher,
      policies,
      clock,
    }) =>
      new RequestRouter({
        views,
        upstreams,
        forwards: (upstream) => registry.current.get(upstream)?.forwardHeaders,
        onContradicted: (upstream) => refresher.onContradicted(upstream),
        onUnreachable: (upstream) => refresher.onUnreachable(upstream),
        clock,
        ...(sealing.keys.length === 0
          ? {}
          : { seal: new StateSeal(sealing.keys.map((bytes) => ({ bytes }))) }),
        stages: policies.requests.map(({ stage }) => stage),
        admission: policies.admission.map(({ stage }) => stage),
        labelsElicitations: naming.labelElicitations,
      }),
  });
  scope.register(Token.ResourceSubscriptions, {
    needs: { views: Token.CatalogueViews, upstreams: Token.UpstreamDirectory },
    useFactory: (parts) => new ResourceSubscriptions(parts),
  });
}
