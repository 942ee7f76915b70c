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
    onReady(name, connection) {
      refresher.onReady(name, connection);
    },
    onListsChanged(name, _kinds, source) {
      if (source.connection.binding === undefined) refresher.onListsChanged(name);
      reader.onListsChanged(name, source);
    },
    onStateChanged({ name, state }) {
      health.refresh();
      if (state.phase === 'ready') logger.info({ upstream: name, era: state.era }, 'server is up');
      if (state.phase === 'down') refresher.onDown(name);
    },
  };
}
