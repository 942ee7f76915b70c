/**
 * Where a stream socket is: a Unix socket, or a named pipe (`\\.\pipe\…`) on Windows, by its path; TCP by
 * host and port.
 */
export type SocketAddress =
  | { readonly path: string }
  /** IPv6 addresses stand without brackets. Port 0 asks a listener for a free one. */
  | { readonly host: string; readonly port: number };
