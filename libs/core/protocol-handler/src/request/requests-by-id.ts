import { GatewayError } from '@omni/ports';
import type { InFlight, InFlightRequest } from './in-flight.ts';

export interface RequestsByIdOptions {
  /** For messages to the client, e.g. `in this session`. */
  readonly where: string;
  /** Default: any number. */
  readonly maxSessionInFlight?: number;
}

/** Requests of one client, whose ids must differ while they run. Costs next to nothing while there are none. */
export class RequestsById implements InFlight {
  readonly #options: RequestsByIdOptions;
  // guard: process/cancel
  #byId: Map<string, InFlightRequest> | undefined;

  constructor(options: RequestsByIdOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byId?.size ?? 0;
  }

  get(id: string): InFlightRequest | undefined {
    return this.#byId?.get(id);
  }

  /** As they are now; the table may change while they are walked. */
  items(): readonly InFlightRequest[] {
    return [...(this.#byId?.values() ?? [])];
  }

  enter(request: InFlightRequest): GatewayError | undefined {
    const { where, maxSessionInFlight = Number.POSITIVE_INFINITY } = this.#options;
    const { id } = request.message;
    // guard: session/id-in-use, channel/id-in-use
    if (this.get(id) !== undefined)
      return new GatewayError('OMNI_REQUEST_ID_IN_USE', `A request with this id is still running ${where}`);
    // guard: session/in-flight
    if (this.size >= maxSessionInFlight)
      return new GatewayError(
        'OMNI_OVERLOADED',
        `At most ${maxSessionInFlight} requests can run in one session (limits.maxSessionInFlight)`,
      );
    this.#byId ??= new Map();
    this.#byId.set(id, request);
    return undefined;
  }

  leave(request: InFlightRequest): void {
    const { id } = request.message;
    // One that was refused may have the id of one that runs.
    if (this.#byId?.get(id) !== request) return;
    this.#byId.delete(id);
    if (this.#byId.size === 0) this.#byId = undefined;
  }
}
