import type { Configuration, Environment, TelemetryExporter } from '@omni/container/node';

/**
 * What sends traces and metrics to a collector, where the configuration or the environment names one.
 *
 * The packages that do it are loaded here alone: whoever sends nothing pays nothing for them.
 *
 * @see OpenTelemetry, "OTLP Exporter Configuration"; "General SDK Configuration".
 */
export async function telemetryExporter(
  { telemetry: { otlpEndpoint, traceShare } }: Pick<Configuration, 'telemetry'>,
  environment: Environment,
): Promise<TelemetryExporter | undefined> {
  const named = environment['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const endpoint = otlpEndpoint ?? (named === '' ? undefined : named);
  if (endpoint === undefined || environment['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return undefined;
  const { otlpExporter } = await import('./otlp-exporter.ts');
  return otlpExporter({ endpoint, traceShare });
}
