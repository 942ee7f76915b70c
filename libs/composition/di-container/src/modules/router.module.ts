import { requestCandidates } from '@omni/call-policies';
import { RoutingEvents } from '@omni/events';
import { RequestRouter, ResourceSubscriptions, StateSeal } from '@omni/router';
import type { Scope } from '../scope/scope.ts';
import { tracedCall } from './routing-policies.ts';
import { Token } from '../token.ts';
import { candidatesInForce } from './candidates-in-force.ts';

/** Where requests go. */
export function registerRouter(scope: Scope): void {
  scope.register(Token.RequestCandidates, {
    needs: {
      access: Token.UpstreamDirectory,
      balancers: Token.Balancers,
      events: Token.EventBus,
      clock: Token.Clock,
      random: Token.Random,
      registry: Token.UpstreamRegistry,
    },
    useFactory: ({ events: bus, clock, registry, ...parts }) => {
      const events = new RoutingEvents((event) => void bus.publish(event), clock);
      const stage = requestCandidates({
        ...parts,
        clock,
        onRouted: ({ request: { context, name }, server, to, why }) =>
          events.routed(server, tracedCall(context), { name, to, why }),
      });
      return { name: 'candidates', stage, inForce: (spec) => candidatesInForce(spec, registry.current) };
    },
  });
  scope.register(Token.RequestRouter, {
    needs: {
      configuration: Token.Configuration,
      registry: Token.UpstreamRegistry,
      upstreams: Token.UpstreamDirectory,
      views: Token.CatalogueViews,
      refresher: Token.CatalogueRefresher,
      policies: Token.RoutingPolicies,
      candidates: Token.RequestCandidates,
      clock: Token.Clock,
    },
    useFactory: ({
      configuration: { naming, sealing },
      registry,
      upstreams,
      views,
      refresher,
      policies,
      candidates,
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
        stages: [...[...policies.requests, candidates].map(({ stage }) => stage), ...policies.destinations],
        admission: [...policies.admission.map(({ stage }) => stage), policies.tasks],
        makesTasks: (server) => (registry.current.get(server)?.routing?.taskAfterMs ?? 0) > 0,
        labelsElicitations: naming.labelElicitations,
      }),
  });
  scope.register(Token.ResourceSubscriptions, {
    needs: { views: Token.CatalogueViews, upstreams: Token.UpstreamDirectory },
    useFactory: (parts) => new ResourceSubscriptions(parts),
  });
}
