import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { systemClock, type Clock } from '@omni/ports';
import { clockContract, type ClockScene } from './clock-contract.ts';
import { VirtualClock } from '../fake-clock.ts';
import { failedTitles } from './failed-titles.fixture.ts';

function virtual(change: (clock: VirtualClock) => Partial<Clock> = () => ({})): ClockScene {
  const clock = new VirtualClock();
  const plain: Clock = {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, action) => clock.after(delayMs, action),
  };
  return { clock: { ...plain, ...change(clock) }, pass: (ms) => clock.advanceAsync(ms) };
}

describe('VirtualClock', () => {
  clockContract(it, () => virtual());
});

describe('systemClock', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  clockContract(it, () => ({ clock: systemClock, pass: (ms) => jest.advanceTimersByTimeAsync(ms) }));
});

describe('clockContract', () => {
  it.each<[string, (clock: VirtualClock) => Partial<Clock>, string]>([
    ['shows seconds', (clock) => ({ now: () => clock.now() / 1_000 }), 'shows the wall clock'],
    ['stands still', () => ({ monotonicMs: () => 0 }), 'measures what has passed'],
    ['goes back', (clock) => ({ monotonicMs: () => -clock.monotonicMs() }), 'measures what has passed'],
    [
      'runs actions at once',
      () => ({
        after(_delayMs, action) {
          action();
          return () => {};
        },
      }),
      'runs an action without a delay',
    ],
    [
      'runs actions again and again',
      (clock) => ({
        after(delayMs, action) {
          const again = (): void => {
            clock.after(delayMs + 1, again);
            action();
          };
          return clock.after(delayMs, again);
        },
      }),
      'runs an action once',
    ],
    [
      'runs actions early',
      (clock) => ({ after: (delayMs, action) => clock.after(delayMs / 2, action) }),
      'runs an action once',
    ],
    [
      'takes a long delay for none',
      (clock) => ({
        after: (delayMs, action) => clock.after(delayMs < 2 ** 31 ? delayMs : 1, action),
      }),
      'runs no action early',
    ],
    [
      'has one time for all actions',
      (clock) => ({ after: (_delayMs, action) => clock.after(0, action) }),
      'runs actions in the order',
    ],
    [
      'cancels nothing',
      (clock) => ({
        after(delayMs, action) {
          clock.after(delayMs, action);
          return () => {};
        },
      }),
      'runs no action that was cancelled',
    ],
    [
      'cancels everything',
      (clock) => {
        const all: (() => void)[] = [];
        return {
          after(delayMs, action) {
            all.push(clock.after(delayMs, action));
            return () => all.forEach((cancel) => cancel());
          },
        };
      },
      'takes a cancel that comes too late',
    ],
    [
      'takes one action at a time',
      (clock) => {
        let isRunning = false;
        return {
          after(delayMs, action) {
            if (isRunning) return () => {};
            return clock.after(delayMs, () => {
              isRunning = true;
              action();
              isRunning = false;
            });
          },
        };
      },
      'runs an action that another one sets',
    ],
  ])('is not passed by a clock that %s', async (_what, change, title) => {
    const failed = await failedTitles((define) => clockContract(define, () => virtual(change)));
    expect(failed.join('\n')).toContain(title);
  });
});
