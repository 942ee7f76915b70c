import type { RpcMessage } from '@omni/jsonrpc';
import type { Outcome } from '@omni/model';
import type { GatewayError, Place } from '@omni/ports';

/** A request under way, as its table sees it. */
export interface InFlightRequest {
  readonly message: RpcMessage;
  /** Where a {@link LiveList} keeps it. */
  place: Place<InFlightRequest> | undefined;
  /** @param outcome - Default: the client does not want the answer any more. */
  cancel(reason?: string, outcome?: Outcome): void;
}

/** The requests of a session, a connection or a front that run. */
export interface InFlight {
  /** @returns Why the request cannot run. */
  enter(request: InFlightRequest): GatewayError | undefined;
  /** Does nothing for a request that has not entered. */
  leave(request: InFlightRequest): void;
}
