import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { stateDirectory } from './state-directory.ts';

describe('stateDirectory', () => {
  it('is OMNI_HOME when that is set', () => {
    expect(stateDirectory({ OMNI_HOME: '/srv/omni', XDG_STATE_HOME: '/x', HOME: '/home/me' }, 'linux')).toBe(
      '/srv/omni',
    );
  });

  it.each([
    ['linux', { HOME: '/home/me', XDG_STATE_HOME: '/x' }, '/x/omni'],
    ['linux', { HOME: '/home/me', XDG_STATE_HOME: 'relative' }, '/home/me/.local/state/omni'],
    ['linux', { HOME: '/home/me', OMNI_HOME: '' }, '/home/me/.local/state/omni'],
    ['darwin', { HOME: '/Users/me' }, '/Users/me/Library/Application Support/omni'],
    ['win32', { LOCALAPPDATA: '/L' }, join('/L', 'omni')],
  ] as const)('follows the custom of %s with %j', (platform, env, expected) => {
    expect(stateDirectory(env, platform)).toBe(expected);
  });
});
