import type { ClientContext, UpstreamConnection } from '@omni/model';
import { GatewayError } from '@omni/ports';
import type { OpenConnection } from './connection/open-connection.ts';
import type { Upstream } from './upstream.ts';

/** What is told at once. */
export function connectionNow(
  upstream: Upstream,
  client: ClientContext,
): UpstreamConnection | GatewayError | undefined {
  return connectionLater(upstream, client).result;
}

/** Filled when it is told. */
export function connectionLater(
  upstream: Upstream,
  client: ClientContext,
): { result?: UpstreamConnection | GatewayError } {
  const found: { result?: UpstreamConnection | GatewayError } = {};
  upstream.connectionFor(client, (result) => (found.result = result));
  return found;
}

/** @throws {GatewayError} There is none at once. */
export function connectionOf(upstream: Upstream, client: ClientContext): OpenConnection {
  const connection = connectionNow(upstream, client);
  if (connection === undefined || connection instanceof GatewayError)
    throw new GatewayError('OMNI_INTERNAL', 'The test expected a connection', { cause: connection });
  // Upstreams hand out connections of their own only.
  return connection as OpenConnection;
}
