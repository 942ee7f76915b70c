import type { ListSource, UpstreamConnection } from '@omni/model';
import type { ListKind } from '../connection/open-connection.ts';
import type { UpstreamSnapshot } from './upstream-snapshot.ts';

/** Told what happens to upstreams. */
export interface UpstreamObserver {
  onStateChanged(upstream: UpstreamSnapshot): void;
  /** The shared connection is open: what the upstream offers can be listed. */
  onReady(name: string, connection: UpstreamConnection): void;
  /**
   * @param source - Where it was told; its connection has an binding when it is not shared by all clients.
   */
  onListsChanged(name: string, kinds: ReadonlySet<ListKind>, source: ListSource): void;
}

/** Hears of upstreams that have lost their place. */
export const NOBODY: UpstreamObserver = { onStateChanged() {}, onReady() {}, onListsChanged() {} };
