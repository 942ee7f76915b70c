import { describe, expect, it } from '@jest/globals';
import { suspiciousLoss } from './lost-servers.ts';
import { settingsThatNeedRestart } from './restart-needed.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `s${index}`);

describe('a configuration that removes servers', () => {
  // guard: reload/emptied
  // guard: reload/most-removed
  it.each<[string, string[], string[], string | undefined]>([
    ['none is left', names(1), [], 'it removes all servers (1)'],
    ['none is left of many', names(7), [], 'it removes all servers (7)'],
    ['more than half of five', names(5), names(2), 'it removes 3 of 5 servers'],
    ['more than half, and others come', names(6), ['x', 'y', ...names(2)], 'it removes 4 of 6 servers'],
    ['half of six', names(6), names(3), undefined],
    ['most of four', names(4), names(1), undefined],
    ['none was there', [], [], undefined],
    ['some come', names(2), names(9), undefined],
  ])('is asked about: %s', (_what, before, after, expected) => {
    expect(suspiciousLoss(before, after)).toBe(expected);
  });
});

describe('settings that need a restart', () => {
  const started = {
    server: { host: '127.0.0.1', port: 7431, tls: { cert: 'a' } },
    auth: { tokens: [{ name: 'a', token: 'secret' }] },
    upstreams: [1],
    warnings: ['w'],
    notes: [],
  };

  it('are those that differ, by their keys', () => {
    const read = {
      ...started,
      server: { host: '127.0.0.1', port: 80, tls: { cert: 'b' } },
      auth: { tokens: [] },
      upstreams: [2],
      warnings: [],
      naming: { prefix: 'none' },
    };
    expect(settingsThatNeedRestart(started, read)).toEqual([
      'server.port',
      'server.tls',
      'auth.tokens',
      'naming',
    ]);
  });

  it('are none where only servers differ', () => {
    expect(settingsThatNeedRestart(started, { ...started, upstreams: [] })).toEqual([]);
  });
});
