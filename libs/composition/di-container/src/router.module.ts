import { RequestRouter, ResourceSubscriptions, StateSeal } from '@omni/router';
import { ContainerModule } from 'inversify';
import type { GatewayConfiguration } from './gateway-options.ts';
import { bindPart } from './part.ts';
import { Token } from './token.ts';

/** Where requests go. */
export const routerModule: ContainerModule = new ContainerModule(({ bind }) => {
  bindPart(
    bind,
    Token.RequestRouter,
    {
      configuration: Token.Configuration,
      upstreams: Token.UpstreamDirectory,
      views: Token.CatalogueViews,
      clock: Token.Clock,
    },
    ({ configuration: { naming, sealing, upstreams: configured }, upstreams, views, clock }) =>
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
  );
  bindPart(
    bind,
    Token.ResourceSubscriptions,
    { views: Token.CatalogueViews, upstreams: Token.UpstreamDirectory },
    (parts) => new ResourceSubscriptions(parts),
  );
});

/** Finds the headers of a client that an upstream is told. */
function forwardsTo(
  upstreams: GatewayConfiguration['upstreams'],
): (upstream: string) => readonly string[] | undefined {
  const names = new Map(upstreams.map(({ name, forwardHeaders }) => [name, forwardHeaders]));
  return (upstream) => names.get(upstream);
}
