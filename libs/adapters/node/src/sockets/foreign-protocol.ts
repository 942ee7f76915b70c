import type { Socket } from 'node:net';
import { errorBody, GatewayError, systemClock } from '@omni/ports';

const WHITE = new Set([0x09, 0x0a, 0x0d, 0x20]);
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const OPENING = new Set([0x7b, 0x5b]); // { and [
/** A refused client may take this long to read why. */
const REFUSAL_MS = 500;

/**
 * Lets a connection through when its first byte opens a JSON value, and refuses any other.
 *
 * A web page can make a browser send an HTTP request to every port of this machine. Its head would be skipped
 * as lines that are no JSON, and its body would be obeyed; no HTTP method begins with a brace.
 *
 * @param onGood - Called once, with the first bytes still to be read.
 */
export function refuseForeignProtocol(socket: Socket, onGood: () => void): void {
  const onReadable = (): void => {
    for (;;) {
      // Without an encoding a socket gives buffers.
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      const first = chunk.find((byte) => !WHITE.has(byte) && !BYTE_ORDER_MARK.includes(byte));
      if (first === undefined) continue;
      socket.off('readable', onReadable);
      // guard: process/raw-tcp, socket/web-page
      if (!OPENING.has(first)) return refuse(socket);
      socket.unshift(chunk);
      onGood();
      return;
    }
  };
  socket.on('readable', onReadable);
}

function refuse(socket: Socket): void {
  const error = new GatewayError(
    'OMNI_JSON_INVALID',
    'This socket takes JSON-RPC messages, one per line, not HTTP',
  );
  socket.end(`${errorBody(error)}\n`);
  socket.resume();
  systemClock.after(REFUSAL_MS, () => socket.destroy());
}
