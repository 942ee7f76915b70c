import type { RpcMessage } from '@omni/jsonrpc';
import type { ClientContext } from '@omni/model';
import { type Clock, FairPlaces, GatewayError } from '@omni/ports';
import type { ResourceUpdates } from '../collaborators.ts';

/** Of all clients together, in sessions and in `subscriptions/listen`. */
const MAX_SUBSCRIPTIONS = 10_000;

/** Subscriptions to resources, each with a place of its own. */
export class FairUpdates implements ResourceUpdates {
  readonly #updates: ResourceUpdates;
  readonly #places: FairPlaces;

  constructor(updates: ResourceUpdates, clock: Pick<Clock, 'monotonicMs'>) {
    this.#updates = updates;
    this.#places = new FairPlaces({
      capacity: MAX_SUBSCRIPTIONS,
      what: 'subscriptions to resources',
      clock,
    });
  }

  subscribe(
    client: ClientContext,
    uri: string,
    onUpdated: (message: RpcMessage) => void,
    done: (release: (() => void) | GatewayError) => void,
  ): void {
    const share = this.#places.take(client.principal);
    // guard: updates/count
    if (share instanceof GatewayError) return done(share);
    this.#updates.subscribe(client, uri, onUpdated, (release) => {
      if (release instanceof GatewayError) {
        this.#places.leave(share);
        return done(release);
      }
      let isHeld = true;
      done(() => {
        if (isHeld) this.#places.leave(share);
        isHeld = false;
        release();
      });
    });
  }
}
