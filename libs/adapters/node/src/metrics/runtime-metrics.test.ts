import { describe, expect, it } from '@jest/globals';
import type { Histogram, HistogramFacts, MetricFacts, Metrics, ReadValue } from '@omni/ports';
import { runInNewContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';
import { measureRuntime } from './runtime-metrics.ts';

/** Keeps what is recorded, and how to read the rest. */
class RecordingMetrics implements Metrics {
  readonly recorded = new Map<string, number[]>();
  readonly reads = new Map<string, () => Iterable<ReadValue>>();

  counter(): never {
    throw new TypeError('nothing is counted here');
  }

  histogram({ name }: HistogramFacts) {
    return {
      with: (label = ''): Histogram => ({
        record: (value) =>
          void this.recorded.set(name, [...(this.recorded.get(name) ?? []), value, label.length]),
      }),
    };
  }

  gauge({ name }: MetricFacts, read: () => Iterable<ReadValue>): void {
    this.reads.set(name, read);
  }

  sum(facts: MetricFacts, read: () => Iterable<ReadValue>): void {
    this.gauge(facts, read);
  }

  read(name: string): readonly ReadValue[] {
    return [...(this.reads.get(name)?.() ?? [])];
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('measureRuntime', () => {
  it('measures pauses of the collector, delays of the event loop, memory and time', async () => {
    const metrics = new RecordingMetrics();
    const end = measureRuntime(metrics);
    setFlagsFromString('--expose_gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect !== 'function') throw new TypeError('no collector');
    // The delays are sampled by a timer, which is late by this much.
    await new Promise((resolve) => setTimeout(resolve, 15));
    const until = performance.now() + 60;
    while (performance.now() < until) collect();
    await new Promise((resolve) => setTimeout(resolve, 15));
    await turns(20);
    end();
    expect(metrics.recorded.get('v8js.gc.duration')?.[0]).toBeGreaterThan(0);
    const [median, , , longest] = metrics.read('nodejs.eventloop.delay');
    expect(median?.[1]).toBe('0.5');
    expect(longest?.[0]).toBeGreaterThan(0.03);
    for (const name of ['process.memory.usage', 'v8js.memory.heap.used', 'process.cpu.time'])
      expect(metrics.read(name)[0]?.[0]).toBeGreaterThan(0);
    expect(metrics.read('nodejs.eventloop.utilization')[0]?.[0]).toBeLessThanOrEqual(1);
  });
});
