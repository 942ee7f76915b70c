export { CallMeter } from './metrics/call-meter.ts';
export {
  MetricRegistry,
  type HistogramPoint,
  type MetricReading,
  type NumberPoint,
} from './metrics/metric-registry.ts';
export { MAX_OWNER_SERIES, MAX_SERIES, OTHER } from './metrics/series-tree.ts';
export { PROMETHEUS_TYPE, prometheusName, prometheusText } from './metrics/prometheus-text.ts';
export { RequestMeter, type MeteredRequest } from './metrics/request-meter.ts';
export { UpstreamMeter, type ReadRecords } from './metrics/upstream-meter.ts';
export {
  BUILD_INFO,
  CONFIG_RELOADS,
  ERROR_BUDGET_SPENT,
  IN_FLIGHT,
  MEMORY_PRESSURE,
  QUEUE_DEPTH,
  UPSTREAM_IN_FLIGHT,
  UPSTREAM_LIMIT,
  UPSTREAM_WAITING,
  WAITING,
} from './semantic-names.ts';
export type { Tracer } from '@opentelemetry/api';
export { callTracing } from './tracing/call-tracer.ts';
export { RequestTracer, type RequestTracerOptions, type TracedRequest } from './tracing/request-tracer.ts';
