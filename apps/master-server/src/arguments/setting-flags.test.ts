import { describe, expect, it } from '@jest/globals';
import { settingFlags } from './setting-flags.ts';

describe('settingFlags', () => {
  it('reads a key and its value, which may hold anything', () => {
    expect(settingFlags(['server.drain=1s', 'auth.token=a=b', 'server.tcp='])).toEqual([
      { flag: '--set', key: 'server.drain', value: '1s' },
      { flag: '--set', key: 'auth.token', value: 'a=b' },
      { flag: '--set', key: 'server.tcp', value: '' },
    ]);
    expect(settingFlags()).toEqual([]);
  });

  it.each(['server.drain', '=1s'])('refuses %s', (word) => {
    expect(() => settingFlags([word])).toThrow(expect.objectContaining({ code: 'OMNI_USAGE' }));
  });
});
