import { describe, expect, it } from '@jest/globals';
import { isLoopback, listenAddress } from './listen-address.ts';

describe('listenAddress', () => {
  it.each([
    ['127.0.0.1:7431', { host: '127.0.0.1', port: 7431 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    ['mcp.example.com:65535', { host: 'mcp.example.com', port: 65_535 }],
  ])('reads %s', (text, address) => {
    expect(listenAddress(text)).toEqual(address);
  });

  it.each([
    '',
    ':80',
    '7431',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '::1:80',
    'http://x:80',
    'a b:80',
    'x:-1',
    '*:80',
  ])('refuses %j', (text) => {
    expect(listenAddress(text)).toBeUndefined();
  });
});

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.8.9.10', 'localhost', 'LOCALHOST', '::1'])('holds for %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com', 'localhost.example.com', '1127.0.0.1'])(
    'does not hold for %s',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
