import { describe, expect, it } from '@jest/globals';
import { pathFrom } from './source-path.ts';

describe('pathFrom', () => {
  it.each([
    ['/etc/omni/omni.yaml', 'tls/cert.pem', '/etc/omni/tls/cert.pem'],
    ['/etc/omni/omni.yaml', './cert.pem', '/etc/omni/cert.pem'],
    ['/etc/omni/omni.yaml', '../certs/a.pem', '/etc/omni/../certs/a.pem'],
    ['/omni.yaml', 'cert.pem', '/cert.pem'],
    ['conf/omni.yaml', 'cert.pem', 'conf/cert.pem'],
    [String.raw`C:\omni\omni.yaml`, 'cert.pem', String.raw`C:\omni\cert.pem`],
  ])('starts at the folder of %s: %s is %s', (source, path, expected) => {
    expect(pathFrom(source, path)).toBe(expected);
  });

  it.each([
    '/srv/cert.pem',
    String.raw`C:\cert.pem`,
    'C:/cert.pem',
    String.raw`\\.\pipe\omni`,
    String.raw`\\server\share\cert.pem`,
  ])('leaves the absolute path %s as it is', (path) => {
    expect(pathFrom('/etc/omni/omni.yaml', path)).toBe(path);
  });

  it('leaves a path as it is where the source has no folder', () => {
    expect(pathFrom('omni.yaml', './bin/server')).toBe('./bin/server');
  });
});
