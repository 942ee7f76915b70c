import type { CatalogueRefresher, VariantReader } from '@omni/capabilities';
import type { HealthMonitor } from '@omni/health';
import type { Logger } from '@omni/ports';
import type { UpstreamObserver } from '@omni/upstreams';

export interface UpstreamObserverParts {
  readonly refresher: CatalogueRefresher;
  readonly reader: VariantReader;
  readonly health: HealthMonitor;
  readonly logger: Logger;
}

/** Tells the catalogue, the health monitor and the log what happens to upstreams. */
export function upstreamObserver({
  refresher,
  reader,
  health,
  logger,
}: UpstreamObserverParts): UpstreamObserver {
  return {
    onReady(upstream, connection) {
      refresher.onReady(upstream.name, connection);
    },
    onListsChanged(upstream, _kinds, source) {
      if (source.connection.binding === undefined) refresher.onListsChanged(upstream.name);
      reader.onListsChanged(upstream.name, source);
    },
    onStateChanged(upstream) {
      const { state } = upstream;
      health.refresh();
      if (state.phase === 'ready') logger.info({ upstream: upstream.name, era: state.era }, 'server is up');
      if (state.phase === 'down') refresher.onDown(upstream.name);
    },
  };
}
