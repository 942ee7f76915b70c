import type { MetricFacts } from '@omni/ports';
import type { HistogramPoint, MetricReading } from './metric-registry.ts';

/** Media type of {@link prometheusText}. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const UNITS = { s: '_seconds', By: '_bytes' } as const;
const LAST_BOUND = '+Inf';

/**
 * Metrics in the text format of Prometheus, by names that OpenMetrics takes as well.
 *
 * @see Prometheus, "Exposition formats", 0.0.4.
 */
export function prometheusText(readings: readonly MetricReading[]): string {
  const lines: string[] = [];
  for (const reading of readings) {
    const { kind, facts } = reading;
    const name = prometheusName(facts, kind);
    lines.push(`# HELP ${name} ${helpText(facts.help)}`, `# TYPE ${name} ${kind}`);
    const labelNames = (facts.labels ?? []).map(underscored);
    if (reading.kind === 'histogram') {
      for (const point of reading.points)
        addHistogram(lines, name, labelPairs(labelNames, point.labels), reading.facts.buckets, point);
    } else {
      for (const { labels, value } of reading.points)
        lines.push(`${name}${braced(labelPairs(labelNames, labels))} ${numberText(value)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** `mcp.server.operation.duration` in seconds is `mcp_server_operation_duration_seconds`. */
export function prometheusName({ name, unit }: MetricFacts, kind: MetricReading['kind']): string {
  return `${underscored(name)}${unit === undefined ? '' : UNITS[unit]}${kind === 'counter' ? '_total' : ''}`;
}

function addHistogram(
  lines: string[],
  name: string,
  labels: readonly string[],
  bounds: readonly number[],
  { counts, sum }: HistogramPoint,
): void {
  let total = 0;
  counts.forEach((count, at) => {
    total += count;
    const bound = bounds[at];
    const le = bound === undefined ? LAST_BOUND : numberText(bound);
    lines.push(`${name}_bucket${braced([...labels, `le="${le}"`])} ${total}`);
  });
  lines.push(`${name}_sum${braced(labels)} ${numberText(sum)}`, `${name}_count${braced(labels)} ${total}`);
}

/** An empty value is the same as none. */
function labelPairs(names: readonly string[], values: readonly string[]): readonly string[] {
  return names.flatMap((name, at) => {
    const value = values[at] ?? '';
    return value === '' ? [] : [`${name}="${labelText(value)}"`];
  });
}

function braced(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function underscored(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, '_');
}

function helpText(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
}

function labelText(text: string): string {
  // guard: metrics/label-escape
  return text.replaceAll(/[\\"\n]/g, (character) => (character === '\n' ? String.raw`\n` : `\\${character}`));
}

function numberText(value: number): string {
  if (value === Infinity) return LAST_BOUND;
  return value === -Infinity ? '-Inf' : String(value);
}
