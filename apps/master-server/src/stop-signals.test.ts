import { EventEmitter } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import { exitCodeOf, watchStopSignals } from './stop-signals.ts';

/** What a promise has become by now. */
async function settled(promise: Promise<string>): Promise<string> {
  return await Promise.race([promise, Promise.resolve().then(() => 'pending')]);
}

class SetClock {
  ms = 0;
  monotonicMs = (): number => this.ms;
}

describe('watchStopSignals', () => {
  // guard: signals/one-wish
  it.each(['SIGINT', 'SIGTERM'])('stops at the first %s and hurries at one a second later', async (name) => {
    const source = new EventEmitter();
    const clock = new SetClock();
    const signals = watchStopSignals(source, () => {}, clock);

    source.emit(name, name);
    expect(await settled(signals.stop)).toBe(name);
    expect(await settled(signals.forceStop)).toBe('pending');

    // The group was sent it, and a wrapper in the group forwards it.
    source.emit(name, name);
    clock.ms += 999;
    source.emit('SIGTERM', 'SIGTERM');
    expect(await settled(signals.forceStop)).toBe('pending');

    clock.ms += 1;
    source.emit('SIGTERM', 'SIGTERM');
    expect(await settled(signals.forceStop)).toBe('SIGTERM');
  });

  it('stops on request, which is no signal: one that comes later is the first', async () => {
    const source = new EventEmitter();
    const clock = new SetClock();
    const signals = watchStopSignals(source, () => {}, clock);

    signals.request('gone');
    signals.request('gone');
    expect(await settled(signals.stop)).toBe('gone');
    clock.ms += 5_000;
    source.emit('SIGTERM', 'SIGTERM');
    expect(await settled(signals.forceStop)).toBe('pending');
  });

  it('stops nothing at SIGHUP', async () => {
    const source = new EventEmitter();
    const onHangup = jest.fn();
    const signals = watchStopSignals(source, onHangup);

    source.emit('SIGHUP', 'SIGHUP');

    expect(onHangup).toHaveBeenCalledTimes(1);
    expect(await settled(signals.stop)).toBe('pending');
  });

  it('gives the signals back when closed', () => {
    const source = new EventEmitter();
    const signals = watchStopSignals(source, () => {});
    expect(source.eventNames()).toHaveLength(3);

    signals.close();

    expect(source.eventNames()).toEqual([]);
  });
});

describe('exitCodeOf', () => {
  it('is what shells say of a program that a signal ended', () => {
    expect(exitCodeOf('SIGINT')).toBe(130);
    expect(exitCodeOf('SIGTERM')).toBe(143);
  });
});
