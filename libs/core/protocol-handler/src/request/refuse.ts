import { errorText } from '@omni/jsonrpc';
import type { Exchange, GatewayError, HeaderList } from '@omni/ports';
import { JSON_HEADERS } from '../streams/sse-text.ts';
import type { ClientOutlet } from './deliver.ts';

// RFC 9110, 10.2.3; it is a matter of moments.
const RETRY_SOON: HeaderList = ['Retry-After', '1'];
const NO_HEADERS: HeaderList = [];

/** Headers that belong into the answer of who refuses with this error. */
export function refusalHeaders({ code }: GatewayError): HeaderList {
  return code === 'OMNI_OVERLOADED' ? RETRY_SOON : NO_HEADERS;
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
