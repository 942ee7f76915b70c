import type { ClientBinding } from '@omni/model';
import type { Occupant, Share } from '@omni/ports';
import type { OpenConnection } from '../connection/open-connection.ts';
import type { LazyConnection } from './lazy-connection.ts';

export interface SessionInstanceOptions {
  readonly binding: ClientBinding;
  readonly lazy: LazyConnection;
  readonly share: Share;
  /** Whether somebody watches a resource on the connection. */
  readonly isWatched: (connection: OpenConnection) => boolean;
}

/**
 * An instance with the place that it has among those of its upstream. It gives way together with its session.
 */
export class SessionInstance implements Occupant {
  readonly binding: ClientBinding;
  readonly lazy: LazyConnection;
  readonly share: Share;
  lastUsedMs = 0;
  readonly #isWatched: SessionInstanceOptions['isWatched'];

  constructor({ binding, lazy, share, isWatched }: SessionInstanceOptions) {
    this.binding = binding;
    this.lazy = lazy;
    this.share = share;
    this.#isWatched = isWatched;
  }

  get idleSinceMs(): number | undefined {
    const { connection } = this.lazy;
    const isIdle =
      connection?.inFlight === 0 &&
      /* guard: instance/session-in-use */ this.binding.leftover?.isIdle() === true &&
      !this.#isWatched(connection);
    return isIdle ? this.lastUsedMs : undefined;
  }

  giveWay(): void {
    this.binding.leftover?.giveWay();
  }
}
