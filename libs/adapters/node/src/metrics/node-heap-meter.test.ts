import { describe, expect, it } from '@jest/globals';
import { getHeapStatistics } from 'node:v8';
import { NodeHeapMeter } from './node-heap-meter.ts';

const MIB = 1024 * 1024;

describe('NodeHeapMeter', () => {
  it('knows how large the old generation may be', () => {
    const limitOf = (flags: string): number => new NodeHeapMeter(flags).read().limitBytes / MIB;
    expect(limitOf('--max-old-space-size=64')).toBe(64);
    expect(limitOf('--max_old_space_size 128 --max-old-space-size=96')).toBe(96);
    const ofV8 = getHeapStatistics().heap_size_limit / MIB;
    expect(limitOf('')).toBeLessThan(ofV8);
    expect(limitOf('')).toBeGreaterThan(ofV8 * 0.9);
  });

  it('counts buffers where there is more of them than of the rest', () => {
    const meter = new NodeHeapMeter('--max-old-space-size=64');
    const buffer = new Uint8Array(meter.read().usedBytes + 100 * MIB);
    const { usedBytes, limitBytes } = meter.read();
    expect(limitBytes).toBe(128 * MIB);
    expect(usedBytes).toBeGreaterThan(buffer.byteLength);
  });

  it('sees what is kept, and no more what nobody keeps', () => {
    const meter = new NodeHeapMeter();
    meter.collect();
    const before = meter.read().usedBytes;
    const box: { kept: object[] } = { kept: [] };
    for (let n = 0; n < 500_000; n++) box.kept.push({ n });
    meter.collect();
    const withAll = meter.read().usedBytes;
    expect(withAll - before).toBeGreaterThan(10 * MIB);
    box.kept.length = 0;
    meter.collect();
    expect(withAll - meter.read().usedBytes).toBeGreaterThan(10 * MIB);
  });
});
