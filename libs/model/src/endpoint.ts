/** Which servers an address shows. */
export type Endpoint =
  /** All servers, under exposed names (`/mcp`). */
  | { readonly kind: 'all' }
  /** One server, under its own names (`/mcp/{server}`). */
  | { readonly kind: 'server'; readonly server: string };

/** The endpoint of all servers. */
export const ALL_SERVERS: Endpoint = { kind: 'all' };

/** @param server - Absent for the endpoint of all servers. */
export function endpointOf(server: string | undefined): Endpoint {
  return server === undefined ? ALL_SERVERS : { kind: 'server', server };
}

/** The one server of an endpoint; `undefined` where there may be several. */
export function serverOf(endpoint: Endpoint): string | undefined {
  return endpoint.kind === 'server' ? endpoint.server : undefined;
}

/** A text that stands for the endpoint in tables: names of servers hold no asterisk. */
export function endpointKey(endpoint: Endpoint): string {
  return endpoint.kind === 'server' ? endpoint.server : '*';
}

export function isSameEndpoint(left: Endpoint, right: Endpoint): boolean {
  return left.kind === right.kind && serverOf(left) === serverOf(right);
}
