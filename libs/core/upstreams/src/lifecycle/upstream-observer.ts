import type { LifecycleNote, ListSource, UpstreamConnection } from '@omni/model';
import type { ListKind } from '../connection/open-connection.ts';
import type { UpstreamSnapshot } from './upstream-snapshot.ts';

/** Told what happens to upstreams. */
export interface UpstreamObserver {
  /** Its record is another: its phase, or what is counted. @param notes - What is worth remembering. */
  onStateChanged(upstream: UpstreamSnapshot, notes: readonly LifecycleNote[]): void;
  /**
   * The shared connection is open: what the upstream offers can be listed.
   *
   * @param onListed - To be told each time when that has been done on this connection: before, the upstream
   * is not well.
   */
  onReady(name: string, connection: UpstreamConnection, onListed: (hasProblem: boolean) => void): void;
  /**
   * @param source - Where it was told; its connection has a binding when it is not shared by all clients.
   */
  onListsChanged(name: string, kinds: ReadonlySet<ListKind>, source: ListSource): void;
}

/** Hears of upstreams that have lost their place. */
export const NOBODY: UpstreamObserver = { onStateChanged() {}, onReady() {}, onListsChanged() {} };
