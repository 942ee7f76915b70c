import { afterEach, describe, expect, it, jest } from '@jest/globals';
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
  const { gc } = globalThis;

  afterEach(() => {
    if (gc === undefined) Reflect.deleteProperty(globalThis, 'gc');
    else globalThis.gc = gc;
  });

  it('does nothing until the program has exposed the collector', () => {
    Reflect.deleteProperty(globalThis, 'gc');
    const collector = new BufferCollector();
    expect(() => {
      for (let index = 0; index < CHUNKS; index++) collector.add(CHUNK_BYTES);
    }).not.toThrow();
  });

  it('keeps few buffers of long bodies about, where the engine keeps many', () => {
    exposeCollector();
    const collector = new BufferCollector();
    const collected = peakWhilePassing((bytes) => collector.add(bytes));
    // The engine collects of its own accord at times: the worst that it left counts.
    const left = Math.max(...Array.from({ length: 4 }, () => peakWhilePassing(() => {})));
    expect(collected).toBeLessThan(12 * MIB);
    expect(left).toBeGreaterThan(2 * collected);
  });

  it('collects every few MiB of long bodies, and leaves small chunks to the engine', () => {
    const collect = jest.fn();
    globalThis.gc = collect as never;
    const collector = new BufferCollector();
    for (let index = 0; index < CHUNKS; index++) collector.add(1_000);
    expect(collect).not.toHaveBeenCalled();
    for (let index = 0; index < CHUNKS; index++) collector.add(CHUNK_BYTES);
    expect(collect).toHaveBeenCalledTimes(Math.floor((CHUNKS * CHUNK_BYTES) / (4 * MIB)));
  });
});
