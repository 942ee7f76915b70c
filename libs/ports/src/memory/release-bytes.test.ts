import { describe, expect, it } from '@jest/globals';
import { ownsLargeBuffer, releaseBytes } from './release-bytes.ts';

const SIZE = 64 * 1024;

describe('releaseBytes', () => {
  it('gives large bytes back that have a buffer of their own', () => {
    const bytes = new Uint8Array(SIZE).fill(1);
    expect(ownsLargeBuffer(bytes)).toBe(true);
    releaseBytes(bytes);
    expect(bytes.byteLength).toBe(0);
    expect(bytes.buffer.byteLength).toBe(0);
  });

  it('may be asked twice', () => {
    const bytes = new Uint8Array(SIZE);
    releaseBytes(bytes);
    releaseBytes(bytes);
    expect(bytes.byteLength).toBe(0);
  });

  // guard: bytes/part-of-a-buffer
  it.each<[string, Uint8Array]>([
    ['the beginning of a buffer', new Uint8Array(new ArrayBuffer(SIZE), 0, SIZE - 1)],
    ['the end of a buffer', new Uint8Array(new ArrayBuffer(SIZE), 1)],
    ['memory that is shared between threads', new Uint8Array(new SharedArrayBuffer(SIZE))],
    ['few bytes', new Uint8Array(1_000)],
  ])('leaves %s alone', (_, bytes) => {
    const { byteLength } = bytes;
    releaseBytes(bytes);
    expect(bytes.byteLength).toBe(byteLength);
  });
});
