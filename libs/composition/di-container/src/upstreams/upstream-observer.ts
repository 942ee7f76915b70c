import type { CatalogueRefresher, VariantReader } from '@omni/capabilities';
import type { HealthMonitor } from '@omni/health';
import type { UpstreamObserver } from '@omni/upstreams';
import type { UpstreamTelemetry } from '../telemetry/upstream-telemetry.ts';
import { isAway } from './is-away.ts';

export interface UpstreamObserverParts {
  readonly refresher: CatalogueRefresher;
  readonly reader: VariantReader;
  readonly health: HealthMonitor;
  readonly telemetry: UpstreamTelemetry;
  /** The server that clients know an upstream as. */
  readonly groupOf: (upstream: string) => string;
}

/** Tells the catalogue, the health monitor and the bus what happens to upstreams. */
export function upstreamObserver({
  refresher,
  reader,
  health,
  telemetry,
  groupOf,
}: UpstreamObserverParts): UpstreamObserver {
  return {
    onReady(name, connection, onListed) {
      refresher.onReady(name, connection, onListed);
    },
    onListsChanged(name, _kinds, source) {
      if (source.connection.binding === undefined) refresher.onListsChanged(name);
      reader.onListsChanged(groupOf(name), source);
    },
    onStateChanged({ name, record }, notes) {
      health.refresh();
      if (record.state.phase === 'asleep') refresher.onAsleep(name);
      if (isAway(record.state)) refresher.onDown(name);
      telemetry.onChanged(name, record, notes);
    },
  };
}
