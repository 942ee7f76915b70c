import type { Socket } from 'node:net';

const names = new WeakMap<Socket, string>();
let named = 0;

/** @returns See `PeerFacts.connection`. */
export function connectionName(socket: Socket): string {
  let name = names.get(socket);
  if (name === undefined) names.set(socket, (name = `connection-${++named}`));
  return name;
}
