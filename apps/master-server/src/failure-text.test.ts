import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { exitCodeFor, failureText, printable } from './failure-text.ts';

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

  it('takes away what would control a terminal', () => {
    const error = new GatewayError('OMNI_UPSTREAM_DOWN', 'a\u001b[2Jb\u009bc\rd');

    expect(failureText(error, { debug: false })).toContain('a\uFFFD[2Jb\uFFFDc\uFFFDd');
  });
});

describe('printable', () => {
  it('keeps tabs, line breaks and every letter', () => {
    expect(printable('ä\t中\n🎈')).toBe('ä\t中\n🎈');
  });

  it('replaces marks that turn the direction of text', () => {
    expect(printable('a\u202Eb\u2066c')).toBe('a\uFFFDb\uFFFDc');
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
