import { describe, expect, it } from '@jest/globals';
import { BufferCollector, exposeCollector } from './buffer-collector.ts';

const CHUNK_BYTES = 64 * 1024;
const CHUNKS = 1_500;
const MIB = 1024 * 1024;

/** The most memory that buffers had while many passed, each of which was forgotten at once. */
function peakWhilePassing(onChunk: (bytes: number) => void): number {
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  for (let index = 0; index < CHUNKS; index++) {
    onChunk(Buffer.allocUnsafeSlow(CHUNK_BYTES).byteLength);
    if (index % 8 === 0) peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
  }
  return peak;
}

describe('BufferCollector', () => {
  it('does nothing until the program has exposed the collector', () => {
    const { gc } = globalThis;
    Reflect.deleteProperty(globalThis, 'gc');
    const collector = new BufferCollector();
    expect(peakWhilePassing((bytes) => collector.add(bytes))).toBeGreaterThan(12 * MIB);
    if (gc !== undefined) globalThis.gc = gc;
  });

  it('keeps few buffers of long bodies about, where the engine keeps many', () => {
    exposeCollector();
    const collector = new BufferCollector();
    const collected = peakWhilePassing((bytes) => collector.add(bytes));
    const left = peakWhilePassing(() => {});
    expect(collected).toBeLessThan(12 * MIB);
    expect(left).toBeGreaterThan(2 * collected);
  });

  it('leaves small chunks to the engine', () => {
    exposeCollector();
    const collector = new BufferCollector();
    expect(peakWhilePassing(() => collector.add(1_000))).toBeGreaterThan(12 * MIB);
  });
});
