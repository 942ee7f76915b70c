/** Where the gateway listens. */
export interface ListenAddress {
  /** Name or address; IPv6 without brackets. */
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
}

/** `HOST:PORT`; an IPv6 address stands in brackets. */
export const LISTEN_PATTERN =
  /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)):(\d{1,5})$/;

/** @returns `undefined` when the text is not `HOST:PORT` or the port is beyond 65535. */
export function listenAddress(text: string): ListenAddress | undefined {
  const match = LISTEN_PATTERN.exec(text);
  if (!match) return undefined;
  const port = Number(match[3]);
  return port <= 65_535 ? { host: match[1] ?? match[2] ?? '', port } : undefined;
}

/** Whether only this machine can connect to an address. Unknown names count as reachable from outside. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
