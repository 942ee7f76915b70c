import { describe, expect, it } from '@jest/globals';
import { crc32, inflateSync } from 'node:zlib';
import { gradientPng } from './gradient-png.ts';

/** Splits a PNG into its chunks and refuses a wrong checksum, as a decoder would. */
function chunksOf(png: Buffer): Map<string, Buffer> {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const body = png.subarray(at + 4, at + 8 + length);
    if (crc32(body) !== png.readUInt32BE(at + 8 + length))
      throw new RangeError(`checksum of the chunk at ${at} is wrong`);
    chunks.set(body.toString('latin1', 0, 4), body.subarray(4));
    at += length + 12;
  }
  return chunks;
}

describe('gradientPng', () => {
  it('starts with the signature of a PNG', () => {
    expect(gradientPng({ width: 2, height: 2 }).subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
  });

  it('declares its size, eight bits and RGB', () => {
    const header = chunksOf(gradientPng({ width: 300, height: 7 })).get('IHDR');
    expect(header?.toString('hex')).toBe('0000012c' + '00000007' + '0802000000');
  });

  it('has three intact chunks in the required order', () => {
    expect([...chunksOf(gradientPng({ width: 16, height: 16 })).keys()]).toEqual(['IHDR', 'IDAT', 'IEND']);
  });

  it('is refused by the same reader once a byte is flipped', () => {
    const png = gradientPng({ width: 16, height: 16 });
    png.writeUInt8(png.readUInt8(45) ^ 1, 45);
    expect(() => chunksOf(png)).toThrow(RangeError);
  });

  it('goes from blue at the top left to white-ish at the bottom right', () => {
    const pixels = inflateSync(chunksOf(gradientPng({ width: 2, height: 2 })).get('IDAT') ?? Buffer.alloc(0));
    expect([...pixels]).toEqual([0, 0, 0, 128, 255, 0, 128, 0, 0, 255, 128, 255, 255, 128]);
  });

  it('draws a single pixel without dividing by zero', () => {
    const pixels = inflateSync(chunksOf(gradientPng({ width: 1, height: 1 })).get('IDAT') ?? Buffer.alloc(0));
    expect([...pixels]).toEqual([0, 0, 0, 128]);
  });
});
