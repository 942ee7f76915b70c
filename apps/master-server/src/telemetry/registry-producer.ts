import type { MetricReading, MetricRegistry } from '@omni/container/node';
import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';

const MILLISECONDS = 1_000;
const NANOSECONDS = 1e6;

/** The measurements of a registry, as an exporter of OpenTelemetry takes them. */
export function registryProducer(registry: MetricRegistry, resource: Resource): MetricProducer {
  const startTime = hrTime(Date.now());
  return {
    collect: () => {
      const endTime = hrTime(Date.now());
      const metrics = registry
        .read()
        .filter(({ points }) => points.length > 0)
        .map((reading) => metricData(reading, { startTime, endTime }));
      const scopeMetrics = [{ scope: { name: 'omni' }, metrics }];
      return Promise.resolve({ resourceMetrics: { resource, scopeMetrics }, errors: [] });
    },
  };
}

interface Span {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

function metricData(reading: MetricReading, span: Span): MetricData {
  const { facts } = reading;
  const common = {
    descriptor: {
      name: facts.name,
      description: facts.help,
      unit: facts.unit ?? '',
      valueType: ValueType.DOUBLE,
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const attributesOf = (values: readonly string[]): Attributes =>
    Object.fromEntries(
      (facts.labels ?? []).flatMap((label, at) => {
        const value = values[at] ?? '';
        return value === '' ? [] : [[label, value]];
      }),
    );
  if (reading.kind === 'histogram') {
    const { buckets } = reading.facts;
    return {
      ...common,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: reading.points.map(({ labels, counts, sum }) => ({
        ...span,
        attributes: attributesOf(labels),
        value: {
          buckets: { boundaries: [...buckets], counts: [...counts] },
          sum,
          count: counts.reduce((total, count) => total + count, 0),
        },
      })),
    };
  }
  const dataPoints = reading.points.map(({ labels, value }) => ({
    ...span,
    attributes: attributesOf(labels),
    value,
  }));
  return reading.kind === 'counter'
    ? { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
    : { ...common, dataPointType: DataPointType.GAUGE, dataPoints };
}

function hrTime(ms: number): HrTime {
  return [Math.floor(ms / MILLISECONDS), (ms % MILLISECONDS) * NANOSECONDS];
}
