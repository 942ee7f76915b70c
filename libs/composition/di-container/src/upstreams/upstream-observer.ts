import type { CatalogueRefresher, VariantReader } from '@omni/capabilities';
import type { HealthMonitor } from '@omni/health';
import type { UpstreamState } from '@omni/model';
import type { UpstreamObserver } from '@omni/upstreams';

export interface UpstreamObserverParts {
  readonly refresher: CatalogueRefresher;
  readonly reader: VariantReader;
  readonly health: HealthMonitor;
}

/** Tells the catalogue and the health monitor what happens to upstreams. */
export function upstreamObserver({ refresher, reader, health }: UpstreamObserverParts): UpstreamObserver {
  return {
    onReady(name, connection, onListed) {
      refresher.onReady(name, connection, onListed);
    },
    onListsChanged(name, _kinds, source) {
      if (source.connection.binding === undefined) refresher.onListsChanged(name);
      reader.onListsChanged(name, source);
    },
    onStateChanged({ name, record: { state } }) {
      health.refresh();
      if (isAway(state)) refresher.onDown(name);
    },
  };
}

/** Whether what it offers cannot be used for now; what a definition has switched off is taken out at once. */
function isAway(state: UpstreamState): boolean {
  switch (state.phase) {
    case 'down':
    case 'login':
    case 'misconfigured':
      return true;
    case 'disabled':
      return state.by === 'auto_downtime' || state.by === 'auto_cycles';
    default:
      return false;
  }
}
