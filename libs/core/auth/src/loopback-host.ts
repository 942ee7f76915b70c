/** Names by which every machine reaches itself, as they stand in a `Host` header. */
export const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

const IPV4_LOOPBACK = /^127(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}$/;

/**
 * Whether only this machine can connect to a bind address: `localhost`, `127.0.0.0/8`, `::1`.
 *
 * Unusual spellings (`127.1`, decimal, mapped addresses) count as reachable from outside: the stricter
 * defaults apply then.
 *
 * @param host - Name or address to bind; IPv6 with or without brackets.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || name === '::1' || name === '[::1]' || IPV4_LOOPBACK.test(name);
}
