import { GatewayError } from '@omni/ports';
import type { InFlight, InFlightRequest } from './in-flight.ts';

const NONE: readonly InFlightRequest[] = [];

export interface RequestsByIdOptions {
  /** For messages to the client, e.g. `in this session`. */
  readonly where: string;
  /** Default: any number. */
  readonly maxSessionInFlight?: number;
  /** Whether each has a response of its own, so that an id need not tell which of them an answer is for. */
  readonly areApart?: boolean;
}

/**
 * Requests of one client, whose ids must differ while they run unless they are apart. Costs next to nothing
 * while there are none.
 *
 * Clients that give each request the same id exist, and over HTTP nothing is mixed up by it.
 */
export class RequestsById implements InFlight {
  readonly #options: RequestsByIdOptions;
  // guard: process/cancel
  #byId: Map<string, InFlightRequest | InFlightRequest[]> | undefined;
  #size = 0;

  constructor(options: RequestsByIdOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#size;
  }

  /** Those with this id, as they are now; more than one only where they are apart. */
  of(id: string): readonly InFlightRequest[] {
    const found = this.#byId?.get(id);
    if (found === undefined) return NONE;
    return Array.isArray(found) ? [...found] : [found];
  }

  /** As they are now; the table may change while they are walked. */
  items(): readonly InFlightRequest[] {
    return [...(this.#byId?.values() ?? [])].flat();
  }

  enter(request: InFlightRequest): GatewayError | undefined {
    const { where, maxSessionInFlight = Number.POSITIVE_INFINITY, areApart = false } = this.#options;
    const { id } = request.message;
    const others = this.#byId?.get(id);
    // guard: channel/id-in-use
    if (!areApart && others !== undefined)
      return new GatewayError('OMNI_REQUEST_ID_IN_USE', `A request with this id is still running ${where}`);
    // guard: session/in-flight
    if (this.size >= maxSessionInFlight)
      return new GatewayError(
        'OMNI_OVERLOADED',
        `At most ${maxSessionInFlight} requests can run in one session (limits.maxSessionInFlight)`,
      );
    this.#byId ??= new Map();
    this.#size++;
    if (others === undefined) this.#byId.set(id, request);
    else if (Array.isArray(others)) others.push(request);
    else this.#byId.set(id, [others, request]);
    return undefined;
  }

  leave(request: InFlightRequest): void {
    const { id } = request.message;
    const found = this.#byId?.get(id);
    if (Array.isArray(found)) {
      const at = found.indexOf(request);
      if (at === -1) return;
      found.splice(at, 1);
      this.#size--;
      if (found.length > 0) return;
    } else if (found === request) this.#size--;
    // One that was refused may have the id of one that runs.
    else return;
    this.#byId?.delete(id);
    if (this.#size === 0) this.#byId = undefined;
  }
}
