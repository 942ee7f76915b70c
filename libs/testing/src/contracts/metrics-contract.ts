import assert from 'node:assert/strict';
import type { Metrics, ReadValue } from '@omni/ports';
import type { DefineTest } from './define-test.ts';

/** Where measurements go, and what somebody who looks is shown of them. */
export interface MetricsScene {
  readonly metrics: Metrics;
  /**
   * The series of a metric with their values; of a histogram, how many values were recorded.
   *
   * @param name - As in the facts of the metric.
   */
  readonly read: (name: string) => readonly ReadValue[] | Promise<readonly ReadValue[]>;
}

const CALLS = { name: 'contract.calls', help: 'Calls.', labels: ['tool', 'outcome'] };
const DURATIONS = {
  name: 'contract.durations',
  help: 'How long calls take.',
  buckets: [1, 2],
  unit: 's',
} as const;

/**
 * What every backend of `Metrics` must do, whatever it makes of the names; the test file of each calls this.
 *
 * @param it - Of the runner.
 * @param open - Called for each test.
 */
export function metricsContract(it: DefineTest, open: () => MetricsScene): void {
  it('adds up what is counted', async () => {
    const { metrics, read } = open();
    const calls = metrics.counter(CALLS).with('read', 'ok');
    calls.add();
    calls.add(4);
    assert.deepEqual(await read(CALLS.name), [[5, 'read', 'ok']]);
  });

  it('tells series apart by each of their labels', async () => {
    const { metrics, read } = open();
    const calls = metrics.counter(CALLS);
    calls.with('read', 'ok').add(1);
    calls.with('read', 'failed').add(2);
    calls.with('write', 'ok').add(3);
    assert.deepEqual(
      (await read(CALLS.name)).toSorted(([one], [other]) => one - other),
      [
        [1, 'read', 'ok'],
        [2, 'read', 'failed'],
        [3, 'write', 'ok'],
      ],
    );
  });

  it('counts in the same series for whoever asks again', async () => {
    const { metrics, read } = open();
    const calls = metrics.counter(CALLS);
    calls.with('read', 'ok').add();
    calls.with('read', 'ok').add();
    assert.deepEqual(await read(CALLS.name), [[2, 'read', 'ok']]);
  });

  it('counts every value of a histogram, also above the last bound', async () => {
    const { metrics, read } = open();
    const durations = metrics.histogram(DURATIONS).with();
    for (const value of [0, 1, 1.5, 2, 1_000]) durations.record(value);
    assert.deepEqual(await read(DURATIONS.name), [[5]]);
  });

  it('asks for a gauge when somebody looks', async () => {
    const { metrics, read } = open();
    let up = 1;
    metrics.gauge({ name: 'contract.up', help: 'Whether it is up.', labels: ['server'] }, () => [
      [up, 'files'],
    ]);
    assert.deepEqual(await read('contract.up'), [[1, 'files']]);
    up = 0;
    assert.deepEqual(await read('contract.up'), [[0, 'files']]);
  });

  it('asks for a sum that somebody else counts when somebody looks', async () => {
    const { metrics, read } = open();
    let bytes = 3;
    metrics.sum({ name: 'contract.sent', help: 'What was sent.', unit: 'By' }, () => [[bytes]]);
    bytes = 7;
    assert.deepEqual(await read('contract.sent'), [[7]]);
  });

  it('throws for no value and no name', async () => {
    const { metrics, read } = open();
    const calls = metrics.counter(CALLS);
    for (const by of [Number.NaN, Infinity, -1]) calls.with('odd', 'ok').add(by);
    const durations = metrics.histogram(DURATIONS).with();
    for (const value of [Number.NaN, Infinity, -Infinity]) durations.record(value);
    for (let n = 0; n < 5_000; n++) calls.with(`tool ${n}`, 'x'.repeat(1_000)).add();
    assert.ok((await read(CALLS.name)).length > 0);
  });
}
