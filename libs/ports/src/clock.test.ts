import { describe, expect, it, jest } from '@jest/globals';
import { systemClock } from './clock.ts';

describe('systemClock', () => {
  it('runs an action once after its delay, and not before', () => {
    jest.useFakeTimers();
    try {
      const action = jest.fn();
      systemClock.after(50, action);
      jest.advanceTimersByTime(49);
      expect(action).not.toHaveBeenCalled();
      jest.advanceTimersByTime(500);
      expect(action).toHaveBeenCalledTimes(1);
    } finally {
      jest.useRealTimers();
    }
  });

  // guard: clock/long-delay
  it.each([2 ** 31, 1e12, Infinity])('runs nothing early after %d ms', (delayMs) => {
    jest.useFakeTimers();
    try {
      const action = jest.fn();
      const cancel = systemClock.after(delayMs, action);
      jest.advanceTimersByTime(60_000);
      expect(action).not.toHaveBeenCalled();
      cancel();
    } finally {
      jest.useRealTimers();
    }
  });

  it('runs nothing that was cancelled, and takes a second cancel', () => {
    jest.useFakeTimers();
    try {
      const action = jest.fn();
      const cancel = systemClock.after(50, action);
      cancel();
      cancel();
      jest.advanceTimersByTime(500);
      expect(action).not.toHaveBeenCalled();
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('tells the time of the wall clock', () => {
    jest.useFakeTimers({ now: 1_800_000_000_000 });
    try {
      expect(systemClock.now()).toBe(1_800_000_000_000);
    } finally {
      jest.useRealTimers();
    }
  });

  it('never goes back', () => {
    const first = systemClock.monotonicMs();
    expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(first);
  });

  it('keeps the process alive until that is undone', () => {
    jest.useFakeTimers();
    try {
      const letGo = systemClock.keepAlive?.();
      expect(jest.getTimerCount()).toBe(1);
      letGo?.();
      letGo?.();
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});
