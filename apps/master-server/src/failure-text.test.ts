import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { exitCodeFor, failureText } from './failure-text.ts';

describe('failureText', () => {
  it('says what happened and what to try', () => {
    const error = new GatewayError('OMNI_LISTEN_IN_USE', '127.0.0.1:7431 is in use', {
      hint: 'Use --listen.',
    });

    expect(failureText(error, { debug: false })).toBe(
      'error[OMNI_LISTEN_IN_USE]: 127.0.0.1:7431 is in use\n  try     Use --listen.\n',
    );
  });

  it('indents the lines after the first', () => {
    const error = new GatewayError('OMNI_CONFIG_INVALID', 'a.yaml:1:1  x\na.yaml:2:1  y', {
      hint: 'One.\nTwo.',
    });

    expect(failureText(error, { debug: false })).toBe(
      'error[OMNI_CONFIG_INVALID]: a.yaml:1:1  x\n  a.yaml:2:1  y\n  try     One.\n          Two.\n',
    );
  });

  it('shows stacks and causes with debug only', () => {
    const error = new GatewayError('OMNI_STATE_DENIED', 'outer', { cause: new TypeError('inner secret') });

    expect(failureText(error, { debug: false })).not.toMatch(/inner secret| at /);
    expect(failureText(error, { debug: true })).toMatch(/TypeError: inner secret\n\s+at /);
  });

  it('does not repeat the words of an error that nobody foresaw', () => {
    expect(failureText(new TypeError('inner secret'), { debug: false })).toMatch(
      /^error\[OMNI_INTERNAL\]: (?!.*secret)/,
    );
  });
});

describe('exitCodeFor', () => {
  it('is that of the error table, and 1 for everything else', () => {
    expect(exitCodeFor(new GatewayError('OMNI_LISTEN_IN_USE', 'x'))).toBe(2);
    expect(exitCodeFor(new GatewayError('OMNI_CONFIG_INVALID', 'x'))).toBe(4);
    expect(exitCodeFor(new GatewayError('OMNI_INTERNAL', 'x'))).toBe(1);
    expect(exitCodeFor('thrown text')).toBe(1);
  });
});
