import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type Json = Readonly<Record<string, unknown>>;

/** A span as it stands in OTLP. */
export interface ReceivedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly attributes: Json;
}

/** A metric as it stands in OTLP. */
export interface ReceivedMetric {
  readonly name: string;
  readonly unit: string | undefined;
  readonly points: readonly { readonly attributes: Json; readonly value: unknown }[];
}

/** Takes what is sent by OTLP over HTTP and reads it by itself, by the names of the protocol. */
export async function startCollector() {
  const spans: ReceivedSpan[] = [];
  const metrics: ReceivedMetric[] = [];
  const resources: Json[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const body = objectOf(JSON.parse(text));
      if (request.url === '/v1/traces') spans.push(...spansOf(body));
      if (request.url === '/v1/metrics') metrics.push(...metricsOf(body));
      for (const each of listOf(body['resourceSpans'] ?? body['resourceMetrics']))
        resources.push(attributesOf(objectOf(each['resource'])['attributes']));
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Listening on TCP, so that the address is an object.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    metrics,
    resources,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

function spansOf(body: Json): ReceivedSpan[] {
  return listOf(body['resourceSpans'])
    .flatMap(({ scopeSpans }) => listOf(scopeSpans))
    .flatMap(({ spans }) => listOf(spans))
    .map((span) => ({
      name: String(span['name']),
      kind: Number(span['kind']),
      traceId: String(span['traceId']),
      spanId: String(span['spanId']),
      parentSpanId: textOf(span['parentSpanId']),
      attributes: attributesOf(span['attributes']),
    }));
}

function metricsOf(body: Json): ReceivedMetric[] {
  return listOf(body['resourceMetrics'])
    .flatMap(({ scopeMetrics }) => listOf(scopeMetrics))
    .flatMap(({ metrics }) => listOf(metrics))
    .map((metric) => {
      const data = objectOf(metric['sum'] ?? metric['gauge'] ?? metric['histogram']);
      return {
        name: String(metric['name']),
        unit: textOf(metric['unit']),
        points: listOf(data['dataPoints']).map((point) => ({
          attributes: attributesOf(point['attributes']),
          value: point['asDouble'] ?? point['count'],
        })),
      };
    });
}

function attributesOf(list: unknown): Json {
  return Object.fromEntries(
    listOf(list).map(({ key, value }) => [String(key), Object.values(objectOf(value))[0]]),
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
