import { errorText } from '@omni/jsonrpc';
import type { Exchange, GatewayError, HeaderList } from '@omni/ports';
import { JSON_HEADERS } from '../streams/sse-text.ts';

/** Answers with an error of the table, as JSON-RPC. @param id - Of the request, as JSON. */
export function refuse(exchange: Exchange, error: GatewayError, id = 'null', headers: HeaderList = []): void {
  // RFC 9110, 10.2.3; it is a matter of moments.
  const retry = error.code === 'OMNI_OVERLOADED' ? ['Retry-After', '1'] : [];
  exchange.respond(error.facts.httpStatus, [...JSON_HEADERS, ...headers, ...retry], errorText(id, error));
}
