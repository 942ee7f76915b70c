import { describe, expect, it } from '@jest/globals';
import { networkOf, Networks } from './networks.ts';

describe('Networks', () => {
  it.each([
    [
      '10.0.0.0/8',
      ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'],
      ['11.0.0.0', '9.255.255.255', '::a00:1'],
    ],
    ['192.0.2.7', ['192.0.2.7'], ['192.0.2.6', '192.0.2.70', '192.0.2.7.1']],
    ['0.0.0.0/0', ['1.2.3.4'], ['::1', 'x', '']],
    ['2001:db8::/32', ['2001:db8::1', '2001:DB8:ffff::'], ['2001:db9::', '10.0.0.1']],
    ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '127.0.0.1', '::1%lo']],
    ['fe80::/10', ['fe80::1', 'febf::1'], ['fec0::1']],
  ])('%s', (network, inside, outside) => {
    const subject = new Networks([network]);
    expect(inside.filter((address) => !subject.has(address))).toEqual([]);
    expect(outside.filter((address) => subject.has(address))).toEqual([]);
  });

  it.each([
    '',
    'x',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '1::2::3',
    ':::',
    '12345::',
    '1:2:3:4:5:6:7',
    '::/129',
  ])('takes %j for no network', (text) => expect(networkOf(text)).toBeUndefined());
});
