import { describe, expect, it } from '@jest/globals';
import { peerAddressOf } from './peer-address.ts';

describe('peerAddressOf', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::ffff:c000:201', '::ffff:c000:201'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    [undefined, undefined],
  ])('takes %s for %s', (remoteAddress, expected) => {
    expect(peerAddressOf({ remoteAddress })).toBe(expected);
  });
});
