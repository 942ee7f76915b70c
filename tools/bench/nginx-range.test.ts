import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Measurements } from './bench-result.ts';
import { nginxRange, nginxRangeText, storedResults } from './nginx-range.ts';
import type { Estimate } from './statistics.ts';

const RESULTS = fileURLToPath(new URL('./results', import.meta.url));

function estimate(median: number): Estimate {
  return { median, low: median, high: median, rounds: 9 };
}

function run(rate: number, cpu: number, roundsKept = 9): Pick<Measurements, 'throughput'> {
  const ratios = [{ of: 'omni', to: 'nginx', callsPerSecond: estimate(rate), perCore: estimate(cpu) }];
  const cells = [{ bytes: 200, connections: 32, rounds: 9, roundsKept, subjects: [], ratios }];
  return { throughput: [{ workload: 'W1', subjects: [], skipped: [], calibrations: [], cells }] };
}

describe('nginxRange', () => {
  it('gives the lowest and the highest ratio of all runs', () => {
    expect(nginxRange([run(0.5, 0.4), run(0.3, 0.45), { throughput: [] }])).toEqual({
      runs: 2,
      byRate: [0.3, 0.5],
      byCpu: [0.4, 0.45],
    });
  });

  it('leaves out runs of few rounds', () => {
    expect(nginxRange([run(0.5, 0.4), run(0.1, 0.1, 4)])).toMatchObject({ runs: 1, byRate: [0.5, 0.5] });
    expect(nginxRange([])).toBeUndefined();
  });

  it('stands in the README as the stored runs give it', () => {
    const range = nginxRange(storedResults(RESULTS));
    if (range === undefined) throw new TypeError('runs with nginx are stored');
    const shown = ([low, high]: readonly [number, number]): string => `${low.toFixed(2)}–${high.toFixed(2)}`;
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(`${shown(range.byRate)} of nginx \`proxy_pass\` by rate`);
    expect(readme).toContain(`${shown(range.byCpu)} by CPU per call`);
    expect(nginxRangeText(range)).toContain(`over ${range.runs} stored runs`);
  });
});
