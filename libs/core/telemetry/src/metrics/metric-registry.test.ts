import { describe, expect, it } from '@jest/globals';
import type { ReadValue } from '@omni/ports';
import { metricsContract } from '@omni/testing/contracts';
import { MetricRegistry } from './metric-registry.ts';
import { MAX_OWNER_SERIES, MAX_SERIES } from './series-tree.ts';

const CALLS = { name: 'omni.calls', help: 'Calls.', labels: ['tool', 'code'] };

function pointsOf(registry: MetricRegistry, name: string) {
  return registry.read().find(({ facts }) => facts.name === name)?.points ?? [];
}

describe('MetricRegistry, read as it is [S003-LG-04]', () => {
  metricsContract(it, () => {
    const metrics = new MetricRegistry();
    const read = (name: string): readonly ReadValue[] =>
      pointsOf(metrics, name).map((point) =>
        'value' in point
          ? [point.value, ...point.labels]
          : [point.counts.reduce((sum, count) => sum + count, 0), ...point.labels],
      );
    return { metrics, read };
  });
});

describe('MetricRegistry', () => {
  it('counts by label, and gives the same series for the same values', () => {
    const registry = new MetricRegistry();
    const calls = registry.counter(CALLS);
    calls.with('read', '').add();
    calls.with('read', '').add(2);
    calls.with('read', '-32602').add();
    expect(calls.with('read', '')).toBe(calls.with('read', ''));
    expect(pointsOf(registry, 'omni.calls')).toEqual([
      { labels: ['read', ''], value: 3 },
      { labels: ['read', '-32602'], value: 1 },
    ]);
  });

  it('counts values into the bucket whose bound they do not exceed', () => {
    const registry = new MetricRegistry();
    const durations = registry.histogram({ name: 'd', help: 'D.', buckets: [1, 2] }).with();
    for (const value of [0, 1, 1.5, 2, 3, Infinity]) durations.record(value);
    expect(pointsOf(registry, 'd')).toEqual([{ labels: [], counts: [2, 2, 2], sum: Infinity }]);
  });

  it('reads gauges and sums of others when somebody looks', () => {
    const registry = new MetricRegistry();
    let value = 1;
    registry.gauge({ name: 'g', help: 'G.', labels: ['server'] }, () => [[value, 'files']]);
    registry.sum({ name: 's', help: 'S.' }, () => [[value]]);
    value = 7;
    expect(pointsOf(registry, 'g')).toEqual([{ labels: ['files'], value: 7 }]);
    expect(pointsOf(registry, 's')).toEqual([{ labels: [], value: 7 }]);
  });

  // guard: metrics/series
  it('puts what there is no room for into one series, and counts how often', () => {
    const registry = new MetricRegistry();
    const calls = registry.counter(CALLS);
    for (let n = 0; n < MAX_SERIES + 50; n++) calls.with(`tool${n}`, '').add();
    calls.with('tool0', '').add();
    const points = pointsOf(registry, 'omni.calls');
    expect(points).toHaveLength(MAX_SERIES + 1);
    expect(points[0]).toEqual({ labels: ['tool0', ''], value: 2 });
    expect(points.at(-1)).toEqual({ labels: ['other', 'other'], value: 50 });
    expect(pointsOf(registry, 'omni.metrics.overflows')).toEqual([{ labels: ['omni.calls'], value: 50 }]);
  });

  it('has one series for what there is no room for, also where somebody is called so', () => {
    const registry = new MetricRegistry();
    const calls = registry.counter(CALLS);
    calls.with('other', 'other').add(5);
    for (let n = 1; n < MAX_SERIES + 50; n++) calls.with(`tool${n}`, '').add();
    const points = pointsOf(registry, 'omni.calls');
    expect(points.filter(({ labels }) => labels.join() === 'other,other')).toEqual([
      { labels: ['other', 'other'], value: 55 },
    ]);
  });

  it('counts a long label in its own series, also when there is no room for further ones', () => {
    const registry = new MetricRegistry();
    const calls = registry.counter(CALLS);
    const long = 'x'.repeat(200);
    calls.with(long, '').add();
    for (let n = 0; n < MAX_SERIES; n++) calls.with(`tool${n}`, '').add();
    calls.with(long, '').add();
    expect(pointsOf(registry, 'omni.calls')[0]).toMatchObject({ value: 2 });
  });

  // guard: metrics/owner-series
  it('lets no owner take the room of others', () => {
    const registry = new MetricRegistry();
    const calls = registry.counter({ ...CALLS, owner: 'code' });
    for (let n = 0; n < 2 * MAX_SERIES; n++) calls.with(`tool${n}`, 'evil').add();
    calls.with('read', 'good').add();
    const points = pointsOf(registry, 'omni.calls');
    expect(points).toHaveLength(MAX_OWNER_SERIES + 2);
    expect(points.slice(-2)).toEqual([
      { labels: ['other', 'evil'], value: 2 * MAX_SERIES - MAX_OWNER_SERIES },
      { labels: ['read', 'good'], value: 1 },
    ]);
  });

  it('tells owners apart when there is no room left, up to a limit', () => {
    const registry = new MetricRegistry();
    const calls = registry.counter({ ...CALLS, owner: 'code' });
    for (let n = 0; n < 3 * MAX_SERIES; n++) calls.with('read', `server${n}`).add();
    const points = pointsOf(registry, 'omni.calls');
    expect(points).toHaveLength(2 * MAX_SERIES + 1);
    expect(points[MAX_SERIES]).toMatchObject({ labels: ['other', `server${MAX_SERIES}`] });
    expect(points.at(-1)).toEqual({ labels: ['other', 'other'], value: MAX_SERIES });
  });

  it('drops the series of owners that are gone, and has their room for others', () => {
    const registry = new MetricRegistry();
    const calls = registry.counter({ ...CALLS, owner: 'code' });
    const others = registry.counter({ name: 'x', help: 'X.', labels: ['code'] });
    calls.with('read', 'gone').add();
    calls.with('read', 'here').add();
    others.with('gone').add();
    registry.keep(new Set(['here']));
    expect(pointsOf(registry, 'omni.calls')).toEqual([{ labels: ['read', 'here'], value: 1 }]);
    expect(pointsOf(registry, 'x')).toHaveLength(1);
    calls.with('read', 'here').add();
    for (let n = 0; n < MAX_OWNER_SERIES; n++) calls.with(`tool${n}`, 'gone').add();
    const points = pointsOf(registry, 'omni.calls');
    expect(points[0]).toEqual({ labels: ['read', 'here'], value: 2 });
    expect(points).toHaveLength(MAX_OWNER_SERIES + 1);
  });

  it('begins anew with an owner that comes back, also where it was the last that was counted', () => {
    const registry = new MetricRegistry();
    const calls = registry.counter({ ...CALLS, owner: 'code' });
    for (let n = 0; n < 3; n++) calls.with('read', 'gone').add();
    registry.keep(new Set());
    calls.with('read', 'gone').add();
    expect(pointsOf(registry, 'omni.calls')).toEqual([{ labels: ['read', 'gone'], value: 1 }]);
  });

  // guard: metrics/read-series
  it('reads no more points than a metric may have', () => {
    const registry = new MetricRegistry();
    registry.gauge({ name: 'g', help: 'G.', labels: ['n'] }, function* () {
      for (let n = 0; n < 3 * MAX_SERIES; n++) yield [n, String(n)];
    });
    expect(pointsOf(registry, 'g')).toHaveLength(MAX_SERIES);
  });

  // guard: metrics/label-length
  it('cuts labels of any length', () => {
    const registry = new MetricRegistry();
    const calls = registry.counter(CALLS);
    calls.with('x'.repeat(10_000), '').add();
    calls.with('x'.repeat(20_000), '').add();
    expect(pointsOf(registry, 'omni.calls')).toEqual([{ labels: ['x'.repeat(128), ''], value: 2 }]);
  });
});
