/**
 * What becomes of bytes that are given away: whoever uses them afterwards is found out. Parts of a larger
 * buffer stay as they are.
 */
export function emptyBuffer(bytes: Uint8Array): void {
  if (bytes.byteLength === bytes.buffer.byteLength && 'transfer' in bytes.buffer) bytes.buffer.transfer(0);
}
