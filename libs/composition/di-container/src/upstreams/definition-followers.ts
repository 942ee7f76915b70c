import type { Balancers, ErrorBudgets } from '@omni/call-policies';
import type { Catalogue, CatalogueRefresher, VariantReader } from '@omni/capabilities';
import type { Millis } from '@omni/ports';
import type { UpstreamRegistry, Upstreams } from '@omni/upstreams';
import { type ListedReplicas, listedServers } from './listed-replicas.ts';
import type { UpstreamHealth } from './upstream-health.ts';

export interface DefinitionFollowers {
  readonly registry: UpstreamRegistry;
  readonly refresher: CatalogueRefresher;
  readonly lists: VariantReader;
  readonly upstreams: Upstreams;
  readonly health: UpstreamHealth;
  readonly catalogue: Catalogue;
  readonly listed: ListedReplicas;
  readonly balancers: Balancers;
  readonly policies: { readonly budgets: Pick<ErrorBudgets, 'forget'> };
  /** How long calls may take on servers that have lost their place. */
  readonly drainMs: Millis;
}

/**
 * Takes new definitions to everything that holds something of an upstream; the rest asks the registry at use.
 */
export function followDefinitions(followers: DefinitionFollowers): void {
  const { registry, refresher, lists, upstreams, health, catalogue, listed } = followers;
  const { balancers, policies, drainMs } = followers;
  let wasEnabled = enabledIn(registry);
  registry.subscribe((definitions, changes) => {
    const isEnabled = enabledIn(registry);
    // No more is taken of what has lost its place.
    for (const name of wasEnabled) {
      if (isEnabled.has(name)) continue;
      refresher.onRemoved(name);
      lists.onRemoved(name);
    }
    for (const name of isEnabled) if (!wasEnabled.has(name)) refresher.onAdded(name);
    for (const name of changes.replaced)
      if (isEnabled.has(name) && wasEnabled.has(name)) refresher.onReplaced(name);
    wasEnabled = isEnabled;
    // guard: balance/another
    for (const name of [...changes.added, ...changes.replaced]) {
      const group = definitions.group(definitions.groupOf(name));
      if (group !== undefined) balancers.find(group.server)?.forget(name);
    }
    // guard: budget/replaced
    for (const name of [...changes.removed, ...changes.replaced]) policies.budgets.forget(name);
    upstreams.apply(definitions, changes, drainMs);
    health.follow();
    // Clients are told last: what they ask then is answered by what is new.
    catalogue.setUpstreams(listedServers(definitions));
    listed.follow((name) => refresher.onListsChanged(name));
  });
}

function enabledIn({ current }: UpstreamRegistry): ReadonlySet<string> {
  return new Set(current.all.filter(({ enabled }) => enabled).map(({ name }) => name));
}
