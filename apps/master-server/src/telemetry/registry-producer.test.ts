import { describe, it } from '@jest/globals';
import { MetricRegistry } from '@omni/container/node';
import type { ReadValue } from '@omni/ports';
import { metricsContract } from '@omni/testing/contracts';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import { registryProducer } from './registry-producer.ts';

describe('what is sent by OpenTelemetry, as a backend [S003-LG-04]', () => {
  metricsContract(it, () => {
    const metrics = new MetricRegistry();
    const producer = registryProducer(metrics, resourceFromAttributes({}));
    const read = async (name: string): Promise<readonly ReadValue[]> => {
      const { resourceMetrics } = await producer.collect();
      const sent = resourceMetrics.scopeMetrics
        .flatMap((scope) => scope.metrics)
        .find(({ descriptor }) => descriptor.name === name);
      if (sent === undefined) return [];
      if (sent.dataPointType === DataPointType.HISTOGRAM)
        return sent.dataPoints.map(({ value, attributes }) => [value.count, ...labelsOf(attributes)]);
      if (sent.dataPointType === DataPointType.EXPONENTIAL_HISTOGRAM) return [];
      return sent.dataPoints.map(({ value, attributes }) => [value, ...labelsOf(attributes)]);
    };
    return { metrics, read };
  });
});

function labelsOf(attributes: object): readonly string[] {
  return Object.values(attributes).map(String);
}
