import { describe, expect, it } from '@jest/globals';
import { LatencyHistogram } from './histogram.ts';
import { createSeededRandom } from './seeded-random.ts';

describe('LatencyHistogram', () => {
  it('gives zeros when nothing was recorded', () => {
    expect(new LatencyHistogram().summary()).toEqual({
      count: 0,
      mean: 0,
      p50: 0,
      p95: 0,
      p99: 0,
      p999: 0,
      max: 0,
    });
  });

  it('is exact below 64 microseconds', () => {
    const histogram = new LatencyHistogram();
    for (let value = 1; value <= 60; value += 1) histogram.record(value);
    expect(histogram.quantile(0.5)).toBe(30);
    expect(histogram.quantile(1)).toBe(60);
  });

  it('is off by at most 1.6 % for any quantile of values over six orders of magnitude', () => {
    const random = createSeededRandom(7);
    const values = Array.from({ length: 20_000 }, () => Math.round(10 ** (random() * 6)));
    const histogram = new LatencyHistogram();
    for (const value of values) histogram.record(value);
    const sorted = values.toSorted((left, right) => left - right);
    for (const quantile of [0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999]) {
      const exact = sorted[Math.ceil(quantile * sorted.length) - 1] ?? 0;
      expect(Math.abs(histogram.quantile(quantile) - exact)).toBeLessThanOrEqual(exact * 0.016 + 1);
    }
  });

  it('keeps the exact maximum beyond its last bucket', () => {
    const histogram = new LatencyHistogram();
    histogram.record(10);
    histogram.record(500_000_000);
    expect(histogram.summary()).toMatchObject({ count: 2, p50: 10, max: 500_000_000 });
  });
});
