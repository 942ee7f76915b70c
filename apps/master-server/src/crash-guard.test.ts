import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { type CrashPolicy, crashText, guardAgainstCrashes } from './crash-guard.ts';

/** A process as far as crashes go. */
class CrashingProcess extends EventEmitter {
  readonly exitCodes: number[] = [];

  exit(code: number): void {
    this.exitCodes.push(code);
  }
}

function sceneOf(policy: Partial<CrashPolicy> = {}) {
  const source = new CrashingProcess();
  const said: string[] = [];
  const whole: CrashPolicy = { onRejection: 'crash', stop: undefined, ...policy };
  guardAgainstCrashes(source, (text) => said.push(text), whole);
  return { source, said, policy: whole };
}

describe('guardAgainstCrashes', () => {
  afterEach(() => void jest.useRealTimers());

  it('says where it happened and ends with 1 [S003-ST-03]', () => {
    const { source, said } = sceneOf();
    source.emit('uncaughtException', new TypeError('canary-secret'));
    expect(source.exitCodes).toEqual([1]);
    expect(said.join('')).toMatch(/^omni: crashed, uncaught TypeError\n\s+at /);
  });

  it.each(['uncaughtException', 'unhandledRejection'])('stops what runs first, at %s', async (name) => {
    jest.useFakeTimers();
    let end = (): void => {};
    const { source } = sceneOf({ stop: () => new Promise<void>((resolve) => (end = resolve)) });
    source.emit(name, new TypeError());
    expect(source.exitCodes).toEqual([]);
    end();
    await Promise.resolve();
    expect(source.exitCodes).toEqual([1]);
  });

  it('waits no longer than 2 s, and not at all for a second crash or a stop that fails', async () => {
    jest.useFakeTimers();
    const stop = (): Promise<void> => new Promise(() => {});
    const slow = sceneOf({ stop });
    slow.source.emit('uncaughtException', new TypeError());
    jest.advanceTimersByTime(1_999);
    expect(slow.source.exitCodes).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(slow.source.exitCodes).toEqual([1]);
    const twice = sceneOf({ stop });
    twice.source.emit('uncaughtException', new TypeError());
    twice.source.emit('uncaughtException', new TypeError());
    expect(twice.source.exitCodes).toEqual([1]);
    const failing = sceneOf({ stop: () => Promise.reject(new RangeError()) });
    failing.source.emit('uncaughtException', new TypeError());
    await Promise.resolve();
    expect(failing.source.exitCodes).toEqual([1]);
  });

  it('goes on after a rejection that nobody waits for, where that is wanted, and after nothing else', () => {
    const { source, said } = sceneOf({ onRejection: 'isolate' });
    source.emit('unhandledRejection', new TypeError('canary-secret'));
    expect(source.exitCodes).toEqual([]);
    expect(said.join('')).toMatch(/^omni: goes on, a rejection that nobody waits for: TypeError\n/);
    expect(said.join('')).not.toContain('canary');
    source.emit('uncaughtException', new TypeError());
    expect(source.exitCodes).toEqual([1]);
  });
});

describe('crashText', () => {
  it('repeats no message that Omni did not write', () => {
    expect(crashText(new TypeError('canary-secret'))).not.toContain('canary-secret');
    expect(crashText('canary-secret')).toBe('omni: crashed, uncaught string\n');
  });

  it('repeats a message of its own', () => {
    expect(crashText(new GatewayError('OMNI_STATE_DENIED', 'The folder is gone'))).toContain(
      'OMNI_STATE_DENIED: The folder is gone\n',
    );
  });
});
