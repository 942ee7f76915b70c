import { LiveList } from '@omni/ports';
import type { InFlight, InFlightRequest } from './in-flight.ts';

/** Requests of clients that have nothing in common: their ids may be equal. */
export class RequestList implements InFlight {
  readonly #requests = new LiveList<InFlightRequest>();

  /** As they are now; the list may change while they are walked. */
  items(): readonly InFlightRequest[] {
    return this.#requests.items();
  }

  enter(request: InFlightRequest): undefined {
    request.place = this.#requests.add(request);
  }

  leave({ place }: InFlightRequest): void {
    if (place !== undefined) this.#requests.remove(place);
  }
}
