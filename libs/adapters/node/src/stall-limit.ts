import type { ServerResponse } from 'node:http';

/**
 * Cuts the connection of an answer that is complete when its client takes nothing of it for so long: what it has not read is held
 * in memory, and no other timeout of the listener is about reading.
 *
 * Node takes the limit back when the answer has gone out.
 */
export function limitStall(response: ServerResponse, stallTimeoutMs: number): void {
  const { socket } = response;
  // Nearly always the operating system has taken everything, or the answer waits behind another that is limited itself.
  if (socket === null || socket.writableLength === 0) return;
  socket.setTimeout(stallTimeoutMs);
}
