import type { CatalogueKeeper, ClientLists } from '@omni/capabilities';
import type { HealthMonitor } from '@omni/health';
import type { Logger } from '@omni/ports';
import type { UpstreamObserver } from '@omni/upstreams';

export interface UpstreamObserverParts {
  readonly keeper: CatalogueKeeper;
  readonly lists: ClientLists;
  readonly health: HealthMonitor;
  readonly logger: Logger;
}

/** Tells the catalogue, the health monitor and the log what happens to upstreams. */
export function upstreamObserver({ keeper, lists, health, logger }: UpstreamObserverParts): UpstreamObserver {
  return {
    onReady(upstream, link) {
      keeper.onReady(upstream.name, link);
    },
    onListsChanged(upstream, _kinds, source) {
      if (source.link.owner === undefined) keeper.onListsChanged(upstream.name);
      lists.onListsChanged(upstream.name, source);
    },
    onStateChanged(upstream) {
      const { state } = upstream;
      health.refresh();
      if (state.phase === 'ready') logger.info({ upstream: upstream.name, era: state.era }, 'server is up');
      if (state.phase === 'down') keeper.onDown(upstream.name);
    },
  };
}
