import { describe, expect, it } from '@jest/globals';
import { isLoopbackHost } from './loopback-host.ts';

describe('isLoopbackHost', () => {
  it.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.0.0.2', '127.255.255.254', '::1', '[::1]'])(
    'takes %s for this machine',
    (host) => {
      expect(isLoopbackHost(host)).toBe(true);
    },
  );

  it.each([
    '',
    '0.0.0.0',
    '::',
    '192.0.2.1',
    '128.0.0.1',
    '127.1',
    '127.0.0.256',
    '127.0.0.01',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'localhost.',
    '::ffff:127.0.0.1',
    '2130706433',
    '[::1',
    '::1]',
    ' 127.0.0.1',
    '127.0.0.1\n',
  ])('takes %j for reachable from outside', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});
