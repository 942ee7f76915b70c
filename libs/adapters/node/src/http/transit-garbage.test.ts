import { describe, expect, it } from '@jest/globals';
import { TransitGarbage } from './transit-garbage.ts';

const PIECE_BYTES = 64 * 1024;
const PIECES = 1_500;
const MIB = 1024 * 1024;

/** The most memory that buffers had while many passed, each of which was forgotten at once. */
function peakWhilePassing(onChunk: (bytes: number) => void): number {
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  for (let index = 0; index < PIECES; index++) {
    onChunk(Buffer.allocUnsafeSlow(PIECE_BYTES).byteLength);
    if (index % 8 === 0) peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
  }
  return peak;
}

describe('TransitGarbage', () => {
  it('keeps few buffers of long bodies about, where the engine keeps many', () => {
    const garbage = new TransitGarbage();
    const collected = peakWhilePassing((bytes) => garbage.add(bytes));
    const left = peakWhilePassing(() => {});
    expect(collected).toBeLessThan(12 * MIB);
    expect(left).toBeGreaterThan(2 * collected);
  });

  it('leaves small chunks to the engine', () => {
    const garbage = new TransitGarbage();
    expect(peakWhilePassing(() => garbage.add(1_000))).toBeGreaterThan(12 * MIB);
  });
});
