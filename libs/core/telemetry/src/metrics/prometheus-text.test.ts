import { describe, expect, it } from '@jest/globals';
import type { ReadValue } from '@omni/ports';
import { metricsContract } from '@omni/testing/contracts';
import { parsePrometheus } from '../prometheus-parser.fixture.ts';
import { MetricRegistry } from './metric-registry.ts';
import { prometheusText } from './prometheus-text.ts';

describe('a page of Prometheus, as a backend [S003-LG-04]', () => {
  metricsContract(it, () => {
    const metrics = new MetricRegistry();
    const read = (name: string): readonly ReadValue[] => {
      // The unit, and what counters and histograms add to the name.
      const named = new RegExp(
        `^${name.replaceAll('.', '_')}(?:_seconds|_bytes)?(?:_total|_count)?(?:\\{(.*)\\})? (\\S+)$`,
      );
      return prometheusText(metrics.read())
        .split('\n')
        .flatMap((line): readonly ReadValue[] => {
          const [, labels = '', value] = named.exec(line) ?? [];
          if (value === undefined) return [];
          return [[Number(value), ...[...labels.matchAll(/="([^"]*)"/g)].map(([, text = '']) => text)]];
        });
    };
    return { metrics, read };
  });
});

describe('prometheusText', () => {
  it('is read by a parser of somebody else as what was measured [S000-OBS-02]', () => {
    const registry = new MetricRegistry();
    registry
      .counter({ name: 'mcp_server_exit', help: 'Ends.', labels: ['code'] })
      .with('3')
      .add(2);
    const durations = registry.histogram({
      name: 'mcp.server.operation.duration',
      help: 'How long.',
      unit: 's',
      buckets: [0.01, 1],
    });
    for (const value of [0.0078125, 0.5, 0.5, 7]) durations.with().record(value);
    registry.gauge({ name: 'omni.upstream.up', help: 'Up.', labels: ['omni.upstream'] }, () => [
      [1, 'files'],
    ]);
    expect(parsePrometheus(prometheusText(registry.read()))).toEqual([
      {
        name: 'mcp_server_operation_duration_seconds',
        help: 'How long.',
        type: 'HISTOGRAM',
        metrics: [
          {
            buckets: { '0.01': '1', '1': '3', '+Inf': '4' },
            count: '4',
            sum: '8.0078125',
          },
        ],
      },
      {
        name: 'mcp_server_exit_total',
        help: 'Ends.',
        type: 'COUNTER',
        metrics: [{ value: '2', labels: { code: '3' } }],
      },
      {
        name: 'omni_metrics_overflows_total',
        help: 'How often a series was asked for that there was no room for.',
        type: 'COUNTER',
        metrics: [],
      },
      {
        name: 'omni_upstream_up',
        help: 'Up.',
        type: 'GAUGE',
        metrics: [{ value: '1', labels: { omni_upstream: 'files' } }],
      },
    ]);
  });

  // guard: metrics/label-escape
  it('lets no label end its line or its quotes', () => {
    const registry = new MetricRegistry();
    const tool = 'a"} 1\nforged{x="\\';
    registry
      .counter({ name: 'c', help: 'A\nhelp \\ text.', labels: ['tool'] })
      .with(tool)
      .add();
    const text = prometheusText(registry.read());
    expect(text.split('\n').filter((line) => line.startsWith('forged'))).toEqual([]);
    expect(parsePrometheus(text)).toContainEqual({
      name: 'c_total',
      help: 'A\nhelp \\ text.',
      type: 'COUNTER',
      metrics: [{ value: '1', labels: { tool } }],
    });
  });

  it('leaves a label out that does not apply, and writes numbers that are none as Prometheus does', () => {
    const registry = new MetricRegistry();
    registry.gauge({ name: 'g', help: 'G.', labels: ['x'] }, () => [
      [Infinity, ''],
      [-Infinity, 'a'],
      [Number.NaN, 'b'],
    ]);
    expect(prometheusText(registry.read())).toContain('g +Inf\ng{x="a"} -Inf\ng{x="b"} NaN\n');
  });
});
