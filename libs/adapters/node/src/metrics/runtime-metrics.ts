import { constants, monitorEventLoopDelay, performance, PerformanceObserver } from 'node:perf_hooks';
import type { MetricFacts, Metrics, ReadValue } from '@omni/ports';

const NANOSECONDS = 1e9;
const MILLISECONDS = 1e3;
const PERCENTILES = [50, 90, 99] as const;
const GC_KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};
const GC_DURATION = {
  name: 'v8js.gc.duration',
  help: 'Pauses of the garbage collector.',
  unit: 's',
  labels: ['v8js.gc.type'],
  buckets: [0.001, 0.01, 0.1, 1, 10],
} as const;
const DELAY: MetricFacts = {
  name: 'nodejs.eventloop.delay',
  help: 'By how much the event loop was late since it was read last: percentiles and the longest.',
  unit: 's',
  labels: ['quantile'],
};
const BUSY: MetricFacts = {
  name: 'nodejs.eventloop.utilization',
  help: 'Share of its life that the event loop was busy, from 0 to 1.',
};
const MEMORY: MetricFacts = {
  name: 'process.memory.usage',
  help: 'Memory of the process that is in RAM.',
  unit: 'By',
};
const HEAP: MetricFacts = { name: 'v8js.memory.heap.used', help: 'Heap that is in use.', unit: 'By' };
const CPU: MetricFacts = { name: 'process.cpu.time', help: 'Processor time of the process.', unit: 's' };

/**
 * Measures what Node does beside the work: pauses of the garbage collector, delays of the event loop, memory
 * and processor time.
 *
 * @returns Ends it.
 */
export function measureRuntime(metrics: Metrics): () => void {
  const pauses = metrics.histogram(GC_DURATION);
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) pauses.with(gcKind(entry)).record(entry.duration / MILLISECONDS);
  });
  observer.observe({ entryTypes: ['gc'] });
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  metrics.gauge(DELAY, () => {
    const values = PERCENTILES.map((percentile): ReadValue => [
      delay.percentile(percentile) / NANOSECONDS,
      String(percentile / 100),
    ]);
    values.push([delay.max / NANOSECONDS, '1']);
    delay.reset();
    return values;
  });
  metrics.gauge(BUSY, () => [[performance.eventLoopUtilization().utilization]]);
  metrics.gauge(MEMORY, () => [[process.memoryUsage.rss()]]);
  metrics.gauge(HEAP, () => [[process.memoryUsage().heapUsed]]);
  metrics.sum(CPU, () => {
    const { user, system } = process.cpuUsage();
    return [[(user + system) / 1e6]];
  });
  return () => {
    observer.disconnect();
    delay.disable();
  };
}

function gcKind(entry: object): string {
  const detail: unknown = 'detail' in entry ? entry.detail : undefined;
  const kind = typeof detail === 'object' && detail !== null && 'kind' in detail ? Number(detail.kind) : 0;
  return GC_KINDS[kind] ?? 'other';
}
