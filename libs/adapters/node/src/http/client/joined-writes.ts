import type { Socket } from 'node:net';

/** Longer bodies cost more to copy than a write of several buffers does. */
const MAX_JOINED_BYTES = 8 * 1024;

type WriteDone = (error?: Error | null) => void;

/**
 * Writes a short request to a server in one buffer. undici corks the socket, writes head and body, and
 * uncorks it: the system is given a list of two, which costs more than one buffer, and over TLS two records.
 */
export function joinWrites(socket: Socket): void {
  const cork = socket.cork.bind(socket);
  const uncork = socket.uncork.bind(socket);
  const write = socket.write.bind(socket);
  /** Corked here alone: the stream itself knows nothing of it. */
  let isHolding = false;
  let head: string | undefined;
  const takeHead = (): string | undefined => {
    const taken = head;
    head = undefined;
    isHolding = false;
    return taken;
  };
  socket.cork = () => {
    isHolding = true;
  };
  // One of its forms stands for all: what is absent is `undefined` to the stream, too.
  socket.write = ((chunk: string | Uint8Array, encoding?: BufferEncoding, done?: WriteDone) => {
    if (!isHolding) return write(chunk, encoding, done);
    if (head === undefined && typeof chunk === 'string' && encoding === 'latin1') {
      head = chunk;
      return true;
    }
    const before = takeHead();
    if (before !== undefined && typeof chunk !== 'string' && chunk.length <= MAX_JOINED_BYTES) {
      isHolding = true;
      const joined = Buffer.allocUnsafe(before.length + chunk.length);
      joined.write(before, 'latin1');
      joined.set(chunk, before.length);
      return write(joined, undefined, done);
    }
    cork();
    if (before !== undefined) write(before, 'latin1');
    return write(chunk, encoding, done);
  }) as typeof socket.write;
  socket.uncork = () => {
    if (!isHolding) return uncork();
    const left = takeHead();
    if (left !== undefined) write(left, 'latin1');
  };
}
