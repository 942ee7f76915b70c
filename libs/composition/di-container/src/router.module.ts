import { RequestRouter, ResourceSubscriptions, StateSeal } from '@omni/router';
import { ContainerModule } from 'inversify';
import { bindPart } from './part.ts';
import { Token } from './token.ts';

/** Where requests go. */
export const routerModule: ContainerModule = new ContainerModule(({ bind }) => {
  bindPart(
    bind,
    Token.RequestRouter,
    {
      configuration: Token.Configuration,
      registry: Token.UpstreamRegistry,
      upstreams: Token.UpstreamDirectory,
      views: Token.CatalogueViews,
      clock: Token.Clock,
    },
    ({ configuration: { naming, sealing }, registry, upstreams, views, clock }) =>
      new RequestRouter({
        views,
        upstreams,
        forwards: (upstream) => registry.current.get(upstream)?.forwardHeaders,
        clock,
        ...(sealing.keys.length === 0
          ? {}
          : { seal: new StateSeal(sealing.keys.map((bytes) => ({ bytes }))) }),
        labelsElicitations: naming.labelElicitations,
      }),
  );
  bindPart(
    bind,
    Token.ResourceSubscriptions,
    { views: Token.CatalogueViews, upstreams: Token.UpstreamDirectory },
    (parts) => new ResourceSubscriptions(parts),
  );
});
