/** Less dies with the engine's own collections. */
const MIN_BYTES = 16 * 1024;

/**
 * Gives the memory of bytes back that nobody uses any more, now and not when the engine comes to it: what has
 * been read of a network in chunks of 64 KB would lie about by the dozen megabytes. The bytes are empty
 * afterwards, never another's.
 *
 * Does nothing for few bytes, and for a part of a larger buffer: what stands beside it may still be wanted.
 */
export function releaseBytes(bytes: Uint8Array): void {
  if (ownsLargeBuffer(bytes) && 'transfer' in bytes.buffer) bytes.buffer.transfer(0);
}

/** Whether {@link releaseBytes} would give these bytes back. */
export function ownsLargeBuffer(bytes: Uint8Array): boolean {
  return (
    bytes.byteLength >= MIN_BYTES &&
    /* guard: bytes/part-of-a-buffer */ bytes.byteLength === bytes.buffer.byteLength
  );
}
