import type { Socket } from 'node:net';

/** What Node counts of a connection; undocumented, and what its own socket timeouts go by. */
interface StreamHandle {
  /** Handed to the system since the beginning. */
  readonly bytesWritten?: number;
  /** What of it the system has not taken. */
  readonly writeQueueSize?: number;
  /** Of TLS: the connection below. TLS itself tells nothing of a long message before its end. */
  readonly _parent?: StreamHandle;
}

/**
 * Bytes that the system has taken from a connection so far: when they grow, the other side reads. Whole
 * writes would tell too little, since one can be a long answer.
 */
export function flushedBytes(socket: Socket): number {
  // The type of a socket does not show its handle, which it has until it is destroyed.
  const handle = (socket as { readonly _handle?: StreamHandle | null })._handle;
  const { bytesWritten, writeQueueSize } = /* guard: stall/slow-tls */ handle?._parent ?? handle ?? {};
  return bytesWritten === undefined || writeQueueSize === undefined
    ? socket.bytesWritten - socket.writableLength
    : bytesWritten - writeQueueSize;
}
