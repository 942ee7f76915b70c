import assert from 'node:assert/strict';
import type { Clock } from '@omni/ports';
import type { DefineTest } from './define-test.ts';

export interface ClockScene {
  readonly clock: Clock;
  /** Lets so many milliseconds pass, at least. */
  readonly pass: (ms: number) => Promise<void>;
}

/** How far the runtime's timers and its clock may disagree. */
const TOLERANCE_MS = 2;
const SHORT_MS = 10;
const LONG_MS = 30;
const YEAR_2020 = 1_577_836_800_000;
const YEAR_2100 = 4_102_444_800_000;

/**
 * What every `Clock` must do; the test file of each calls this.
 *
 * @param it - Of the runner.
 * @param open - Called for each test.
 */
export function clockContract(it: DefineTest, open: () => ClockScene): void {
  it('shows the wall clock in milliseconds of the epoch', () => {
    const now = open().clock.now();
    assert.ok(now > YEAR_2020 && now < YEAR_2100, `${now} is no time of this century`);
  });

  it('measures what has passed, and never goes back', async () => {
    const { clock, pass } = open();
    const times = [clock.monotonicMs(), clock.monotonicMs()];
    await pass(SHORT_MS);
    times.push(clock.monotonicMs());
    assert.deepEqual(times, times.toSorted(ascending));
    const [, before = 0, after = 0] = times;
    assert.ok(after - before >= SHORT_MS - TOLERANCE_MS, `${after - before} ms have passed`);
  });

  it('runs an action once, when its time has come', async () => {
    const { clock, pass } = open();
    const began = clock.monotonicMs();
    const ran: number[] = [];
    clock.after(SHORT_MS, () => ran.push(clock.monotonicMs() - began));
    assert.deepEqual(ran, []);
    await pass(LONG_MS);
    await pass(LONG_MS);
    assert.equal(ran.length, 1);
    assert.ok((ran[0] ?? 0) >= SHORT_MS - TOLERANCE_MS, `it ran after ${ran[0]} ms`);
  });

  it('runs an action without a delay after it has returned', async () => {
    const { clock, pass } = open();
    let hasRun = false;
    clock.after(0, () => (hasRun = true));
    assert.equal(hasRun, false);
    await pass(SHORT_MS);
    assert.equal(hasRun, true);
  });

  it('runs no action early whose delay is longer than a timer can wait', async () => {
    const { clock, pass } = open();
    const ran: number[] = [];
    const cancels = [2 ** 31, 1e12, Infinity].map((delayMs) => clock.after(delayMs, () => ran.push(delayMs)));
    await pass(LONG_MS);
    for (const cancel of cancels) cancel();
    assert.deepEqual(ran, []);
  });

  it('runs actions in the order of their times, and equal ones in the order in which they were set', async () => {
    const { clock, pass } = open();
    const ran: string[] = [];
    clock.after(LONG_MS, () => ran.push('late'));
    clock.after(SHORT_MS, () => ran.push('first'));
    clock.after(SHORT_MS, () => ran.push('second'));
    await pass(2 * LONG_MS);
    assert.deepEqual(ran, ['first', 'second', 'late']);
  });

  it('runs an action that another one sets', async () => {
    const { clock, pass } = open();
    const ran: string[] = [];
    clock.after(SHORT_MS, () => {
      ran.push('outer');
      clock.after(SHORT_MS, () => ran.push('inner'));
    });
    await pass(LONG_MS);
    await pass(LONG_MS);
    assert.deepEqual(ran, ['outer', 'inner']);
  });

  it('runs no action that was cancelled, not even by another one of the same time', async () => {
    const { clock, pass } = open();
    const ran: string[] = [];
    const cancels = [
      clock.after(SHORT_MS, () => ran.push('cancelled at once')),
      clock.after(SHORT_MS, () => {
        ran.push('other');
        cancels[2]?.();
      }),
      clock.after(SHORT_MS, () => ran.push('cancelled by the other')),
    ];
    cancels[0]?.();
    cancels[0]?.();
    await pass(LONG_MS);
    assert.deepEqual(ran, ['other']);
  });

  it('takes a cancel that comes too late', async () => {
    const { clock, pass } = open();
    const ran: string[] = [];
    const cancel = clock.after(0, () => {
      ran.push('first');
      clock.after(0, () => ran.push('second'));
      cancel();
    });
    await pass(SHORT_MS);
    cancel();
    await pass(SHORT_MS);
    assert.deepEqual(ran, ['first', 'second']);
  });
}

function ascending(one: number, other: number): number {
  return one - other;
}
