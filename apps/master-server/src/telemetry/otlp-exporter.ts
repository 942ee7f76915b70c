import { IDENTITY } from '@omni/container';
import { MetricRegistry, type TelemetryExporter } from '@omni/container/node';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { registryProducer } from './registry-producer.ts';

/** Metrics are sent this often, and once more at the end. */
const INTERVAL_MS = 60_000;
/** A collector that does not answer delays the end of Omni by so much, at most. */
const TIMEOUT_MS = 2_000;

export interface OtlpExporterOptions {
  /** Address of the collector, without the path of a signal. */
  readonly endpoint: string;
  /** Of requests whose clients have no trace. */
  readonly traceShare: number;
}

/** Sends spans and metrics by OTLP over HTTP, as JSON. */
export function otlpExporter({ endpoint, traceShare }: OtlpExporterOptions): TelemetryExporter {
  const base = endpoint.replace(/\/+$/, '');
  const resource = resourceOf();
  const spans = new TracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(traceShare) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${base}/v1/traces`, timeoutMillis: TIMEOUT_MS }),
      }),
    ],
  });
  const metrics = new MetricRegistry();
  const measurements = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ url: `${base}/v1/metrics`, timeoutMillis: TIMEOUT_MS }),
        exportIntervalMillis: INTERVAL_MS,
        exportTimeoutMillis: TIMEOUT_MS,
        metricProducers: [registryProducer(metrics, resource)],
      }),
    ],
  });
  return {
    tracer: spans.getTracer(IDENTITY.name, IDENTITY.version),
    metrics,
    async close() {
      // Who does not take them has nobody to tell.
      await Promise.allSettled([spans.shutdown(), measurements.shutdown()]);
    },
  };
}

/** `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say more, or something else. */
function resourceOf(): Resource {
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': IDENTITY.name, 'service.version': IDENTITY.version }))
    .merge(detectResources({ detectors: [envDetector] }));
}
