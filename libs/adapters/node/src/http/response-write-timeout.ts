import type { ServerResponse } from 'node:http';

/** How long a client may take nothing of what waits for it, unless its listener is told otherwise. */
export const WRITE_TIMEOUT_MS = 60_000;

/**
 * Cuts the connection of an answer when its client takes nothing of it for so long: what it has not read is
 * held in memory, a server may be held back, and no other timeout of the listener is about reading.
 *
 * Node takes the limit back when a complete answer has gone out; who writes on has to do it when the client
 * has caught up.
 */
export function applyWriteTimeout(response: ServerResponse, writeTimeoutMs: number): void {
  const { socket } = response;
  // Nearly always the operating system has taken everything, or the answer waits behind another that is
  // limited itself.
  if (socket === null || socket.writableLength === 0) return;
  // guard: http/stall
  socket.setTimeout(writeTimeoutMs);
}
