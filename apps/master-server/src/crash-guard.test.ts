import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { crashText, guardAgainstCrashes } from './crash-guard.ts';

/** A process as far as crashes go. */
class CrashingProcess extends EventEmitter {
  readonly exitCodes: number[] = [];

  exit(code: number): void {
    this.exitCodes.push(code);
  }
}

describe('guardAgainstCrashes', () => {
  it('says where it happened and ends with 1', () => {
    const source = new CrashingProcess();
    const said: string[] = [];
    guardAgainstCrashes(source, (text) => said.push(text));

    source.emit('uncaughtException', new TypeError('canary-secret'));

    expect(source.exitCodes).toEqual([1]);
    expect(said.join('')).toMatch(/^omni: crashed, uncaught TypeError\n\s+at /);
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
