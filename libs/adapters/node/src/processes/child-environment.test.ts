import { describe, expect, it } from '@jest/globals';
import { childEnvironment } from './child-environment.ts';

describe('childEnvironment', () => {
  // guard: child/environment
  it('passes what a program needs and keeps everything else back', () => {
    const environment = childEnvironment({
      own: {
        PATH: '/bin',
        HOME: '/home/me',
        LC_ALL: 'C',
        XDG_CONFIG_HOME: '/c',
        https_proxy: 'http://p',
        NODE_EXTRA_CA_CERTS: '/ca',
        npm_config_registry: 'r',
        NODE_OPTIONS: '--inspect',
        OMNI_TOKEN: 's',
        OMNI_OWNER: '1:2:x',
        AWS_SECRET_ACCESS_KEY: 's',
        GITHUB_TOKEN: 's',
        path: 'not the same on POSIX',
      },
      added: {},
      owner: '7:8:y',
      ignoresCase: false,
    });
    expect(environment).toEqual({
      PATH: '/bin',
      HOME: '/home/me',
      LC_ALL: 'C',
      XDG_CONFIG_HOME: '/c',
      https_proxy: 'http://p',
      NODE_EXTRA_CA_CERTS: '/ca',
      OMNI_OWNER: '7:8:y',
    });
  });

  // guard: child/owner-mark
  it('lets the configuration add and override anything but the owner', () => {
    const environment = childEnvironment({
      own: { PATH: '/bin', HOME: '/home/me' },
      added: { HOME: '/elsewhere', NODE_OPTIONS: '--max-old-space-size=64', OMNI_OWNER: 'forged' },
      owner: '7:8:y',
      ignoresCase: false,
    });
    expect(environment).toEqual({
      PATH: '/bin',
      HOME: '/elsewhere',
      NODE_OPTIONS: '--max-old-space-size=64',
      OMNI_OWNER: '7:8:y',
    });
  });

  it('ignores case where the system does', () => {
    const environment = childEnvironment({
      own: { Path: 'C:\\bin', SystemRoot: 'C:\\Windows' },
      added: { PATH: 'C:\\mine' },
      owner: '7:8:y',
      ignoresCase: true,
    });
    expect(environment).toEqual({ PATH: 'C:\\mine', SystemRoot: 'C:\\Windows', OMNI_OWNER: '7:8:y' });
  });
});
