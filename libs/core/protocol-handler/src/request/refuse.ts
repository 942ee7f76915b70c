import { errorText } from '@omni/jsonrpc';
import type { Exchange, GatewayError, HeaderList } from '@omni/ports';
import { JSON_HEADERS } from '../streams/sse-text.ts';
import type { ClientOutlet } from './deliver.ts';

const NO_HEADERS: HeaderList = [];

/** Headers that belong into the answer of who refuses with this error. */
export function refusalHeaders({ retryAfterS }: GatewayError): HeaderList {
  return retryAfterS === undefined ? NO_HEADERS : ['Retry-After', String(retryAfterS)];
}

/**
 * Refuses an exchange in which no request was read, with an error of the table as JSON-RPC.
 *
 * @param id - Of the message, as JSON, when it could be made out.
 */
export function refuse(
  exchange: Exchange,
  error: GatewayError,
  id = 'null',
  headers: HeaderList = NO_HEADERS,
): void {
  exchange.respond(
    error.facts.httpStatus,
    [...JSON_HEADERS, ...headers, ...refusalHeaders(error)],
    errorText(id, error),
  );
}

/** The same on a channel. */
export function refuseMessage(outlet: ClientOutlet, error: GatewayError, id = 'null'): void {
  outlet.send(errorText(id, error));
}
