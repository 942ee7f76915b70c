import type { ReadValue } from '@omni/ports';
import type { MetricRegistry } from '@omni/telemetry';

/** The series of a metric; of a histogram, how many values each has. */
export function readValues(metrics: MetricRegistry, name: string): readonly ReadValue[] {
  const reading = metrics.read().find(({ facts }) => facts.name === name);
  if (reading?.kind === 'histogram')
    return reading.points.map(({ labels, counts }) => [
      counts.reduce((sum, count) => sum + count, 0),
      ...labels,
    ]);
  return reading?.points.map(({ labels, value }) => [value, ...labels]) ?? [];
}
