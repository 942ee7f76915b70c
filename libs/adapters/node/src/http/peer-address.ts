import type { Socket } from 'node:net';

/** An IPv4 client of a listener of IPv6. */
const MAPPED = /^::ffff:(?=\d+\.)/i;

/** @returns See `PeerFacts.peerAddress`. */
export function peerAddressOf(socket: Pick<Socket, 'remoteAddress'>): string | undefined {
  return socket.remoteAddress?.replace(MAPPED, '');
}
