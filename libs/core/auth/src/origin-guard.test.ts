import { describe, expect, it } from '@jest/globals';
import { OriginGuard, type OriginGuardOptions } from './origin-guard.ts';

const loopback = guard({});
const outside = guard({ host: '0.0.0.0', isLoopback: false });
const named = guard({
  host: '0.0.0.0',
  isLoopback: false,
  allowedHosts: ['omni.example', 'fixed.example:8443'],
});

/** Host headers that a rebinding page, or whoever tries to look local, might send. */
const EVIL_HOSTS = [
  'evil.example',
  'evil.example:7431',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'evil.example.localhost',
  'notlocalhost',
  'localhost.',
  'localhost.:7431',
  '127.0.0.1.',
  '127.1',
  '127.0.0.2',
  '0.0.0.0',
  '0',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::]',
  '[::1%25lo]',
  '[0:0:0:0:0:0:0:1]',
  '::1',
  '[::1',
  'localhost]',
  'user@localhost',
  'user:pass@localhost',
  'localhost@evil.example',
  'localhost#evil.example',
  'localhost/evil.example',
  'localhost?evil.example',
  'localhost\\evil.example',
  'localhost, evil.example',
  'localhost,localhost',
  'localhost localhost',
  ' localhost',
  'localhost ',
  'localhost\t',
  'localhost\u0000',
  'localhost\r\nX: y',
  'localhost:',
  'localhost:-1',
  'localhost:65536',
  'localhost:999999',
  'localhost:80:80',
  'localhost:8o80',
  'http://localhost',
  'ⓛocalhost',
  'loc\u0430lhost',
  'lo\u212Aalhost',
  '*',
  '',
  '.',
  '__proto__',
  'a'.repeat(100_000),
];

describe('OriginGuard', () => {
  // guard: host/list
  it.each(EVIL_HOSTS.map((host) => [host.slice(0, 60), host]))(
    'refuses the host %j on a loopback bind',
    (_shown, host) => {
      expect(loopback.check({ host, origin: undefined })?.code).toBe('OMNI_HOST_FORBIDDEN');
    },
  );

  it('lets the same evil host pass when the operator names it: the table tests the guard, not the parser alone', () => {
    const careless = guard({ allowedHosts: ['evil.example', 'localhost.evil.example', '127.0.0.2'] });
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.2']) {
      expect(loopback.check({ host, origin: undefined })?.code).toBe('OMNI_HOST_FORBIDDEN');
      expect(careless.check({ host, origin: undefined })).toBeUndefined();
    }
  });

  it.each(['localhost', 'LOCALHOST', 'LocalHost:7431', '127.0.0.1', '127.0.0.1:1', '[::1]', '[::1]:65535'])(
    'serves the host %s on a loopback bind',
    (host) => {
      expect(loopback.check({ host, origin: undefined })).toBeUndefined();
    },
  );

  it.each([
    ['127.0.0.5', '127.0.0.5:7431'],
    ['::1', '[::1]:7431'],
    ['[::1]', '[::1]'],
  ])('serves the address %s that it is bound to', (host, header) => {
    expect(guard({ host }).check({ host: header, origin: undefined })).toBeUndefined();
  });

  // guard: host/shape
  it('refuses a request without Host on every bind', () => {
    for (const subject of [loopback, outside, named])
      expect(subject.check({ host: undefined, origin: undefined })?.code).toBe('OMNI_HOST_FORBIDDEN');
  });

  // guard: host/length
  it('takes any well-formed host on an outside bind without allowedHosts', () => {
    for (const host of ['omni.example', '192.0.2.7:80', '[2001:db8::1]:443', 'host_name'])
      expect(outside.check({ host, origin: undefined })).toBeUndefined();
    for (const host of ['', 'a b', 'a,b', 'user@a', 'a/b', 'a:b:c', 'a'.repeat(262)])
      expect(outside.check({ host, origin: undefined })?.code).toBe('OMNI_HOST_FORBIDDEN');
  });

  it('enforces allowedHosts on an outside bind, with a port where one is written', () => {
    for (const host of ['omni.example', 'OMNI.example:9', 'fixed.example:8443'])
      expect(named.check({ host, origin: undefined })).toBeUndefined();
    for (const host of [
      'fixed.example',
      'fixed.example:8444',
      'localhost',
      '127.0.0.1',
      'x.omni.example',
      'omni.example.',
    ]) {
      expect(named.check({ host, origin: undefined })?.code).toBe('OMNI_HOST_FORBIDDEN');
    }
  });

  it('compares allowedHosts without regard to case', () => {
    expect(
      guard({ allowedHosts: ['Omni.Example'] }).check({ host: 'omni.EXAMPLE', origin: undefined }),
    ).toBeUndefined();
  });

  // guard: origin/page-of-this-machine, origin/memory-of-credentials
  it.each([
    'http://localhost',
    'https://localhost:3000',
    'http://127.0.0.1:6274',
    'http://[::1]:80',
    'http://LOCALHOST:1',
  ])(
    'takes the origin %s on a loopback bind from a program that shows credentials, and from no page',
    (origin) => {
      const source = { host: 'localhost:7431', origin };
      expect(loopback.check({ ...source, isAuthorized: true })).toBeUndefined();
      expect(loopback.check(source)?.code).toBe('OMNI_ORIGIN_FORBIDDEN');
      expect(guard({ allowedOrigins: [origin] }).check(source)).toBeUndefined();
    },
  );

  it('trusts pages of its own origin on a loopback bind', () => {
    const of = (host: string, origin: string): string | undefined => loopback.check({ host, origin })?.code;
    expect(of('localhost:7431', 'http://localhost:7431')).toBeUndefined();
    expect(of('127.0.0.1:80', 'http://127.0.0.1')).toBeUndefined();
    expect(of('localhost:7431', 'http://localhost:7432')).toBe('OMNI_ORIGIN_FORBIDDEN');
    expect(of('localhost:7431', 'http://127.0.0.1:7431')).toBe('OMNI_ORIGIN_FORBIDDEN');
  });

  // guard: origin/foreign, origin/memory
  it.each([
    'null',
    '',
    'http://evil.example',
    'https://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://localhost@evil.example',
    'http://evil.example#localhost',
    'http://evil.example/localhost',
    'http://localhost/',
    'http://localhost.',
    'http://[::ffff:127.0.0.1]',
    'http://2130706433',
    'http://127.1',
    'http://localhost, http://evil.example',
    'http://localhost http://evil.example',
    'file://localhost',
    'ftp://localhost',
    'chrome-extension://abcdef',
    'localhost',
    '//localhost',
    'http:localhost',
    'http://',
    'http://localhost:',
    'http://localhost:65536',
    'http://user:x@localhost',
    'http://localhost\u0000',
    ' http://localhost',
  ])('refuses the origin %j on a loopback bind', (origin) => {
    for (const isAuthorized of [false, true]) {
      const source = { isAuthorized, host: 'localhost:7431' };
      expect(loopback.check({ ...source, origin: undefined })).toBeUndefined();
      expect(loopback.check({ ...source, origin })?.code).toBe('OMNI_ORIGIN_FORBIDDEN');
    }
  });

  it('trusts origins of the list exactly as they are written', () => {
    const listed = guard({ allowedOrigins: ['https://app.example', 'chrome-extension://abcdef'] });
    for (const origin of ['https://app.example', 'chrome-extension://abcdef'])
      expect([listed.lists(origin), listed.check({ host: 'localhost', origin })]).toEqual([true, undefined]);
    for (const origin of [
      'http://app.example',
      'https://app.example:8443',
      'https://app.example/',
      'https://x.app.example',
      'https://app.example.evil.example',
    ]) {
      expect(listed.check({ host: 'localhost', origin })?.code).toBe('OMNI_ORIGIN_FORBIDDEN');
    }
  });

  // guard: origin/null
  it('refuses the origin null even if the list names it', () => {
    const careless = guard({ allowedOrigins: ['null'] });
    expect(careless.check({ host: 'localhost', origin: 'null' })?.code).toBe('OMNI_ORIGIN_FORBIDDEN');
    expect(careless.lists('null')).toBe(false);
  });

  it('trusts pages of its own origin on an outside bind under an allowed host', () => {
    for (const [host, origin] of [
      ['omni.example', 'https://omni.example'],
      ['omni.example', 'http://omni.example'],
      ['omni.example:8080', 'http://omni.example:8080'],
      ['omni.example:443', 'https://omni.example'],
      ['fixed.example:8443', 'https://fixed.example:8443'],
    ] as const) {
      expect(named.check({ host, origin })).toBeUndefined();
    }
    for (const [host, origin] of [
      ['omni.example', 'https://omni.example:8443'],
      ['omni.example:80', 'https://omni.example'],
      ['omni.example', 'https://evil.example'],
      ['omni.example', 'https://fixed.example:8443'],
      ['omni.example', 'http://localhost:3000'],
    ] as const) {
      expect(named.check({ host, origin })?.code).toBe('OMNI_ORIGIN_FORBIDDEN');
    }
  });

  // guard: origin/rebound
  it('does not trust its own origin on an outside bind without allowedHosts: a rebound name looks the same', () => {
    expect(outside.check({ host: 'evil.example', origin: 'http://evil.example' })?.code).toBe(
      'OMNI_ORIGIN_FORBIDDEN',
    );
  });

  it('looks at the host before the origin', () => {
    expect(loopback.check({ host: 'evil.example', origin: 'http://evil.example' })?.code).toBe(
      'OMNI_HOST_FORBIDDEN',
    );
  });

  it('remembers the last pair only: a good request never vouches for the next', () => {
    const subject = guard({});
    const good = { host: 'localhost:7431', origin: 'http://localhost:3000', isAuthorized: true };
    for (let round = 0; round < 3; round++) {
      expect(subject.check({ ...good })).toBeUndefined();
      expect(subject.check({ ...good })).toBeUndefined();
      expect(subject.check({ ...good, host: 'evil.example' })?.code).toBe('OMNI_HOST_FORBIDDEN');
      expect(subject.check({ ...good, host: 'evil.example' })?.code).toBe('OMNI_HOST_FORBIDDEN');
      expect(subject.check({ ...good, origin: 'http://evil.example' })?.code).toBe('OMNI_ORIGIN_FORBIDDEN');
      expect(subject.check({ ...good, origin: undefined })).toBeUndefined();
      expect(subject.check({ ...good, host: undefined })?.code).toBe('OMNI_HOST_FORBIDDEN');
    }
  });

  it('does not follow an object that the caller changes after the check', () => {
    const subject = guard({});
    const source = { host: 'localhost', origin: undefined as string | undefined };
    expect(subject.check(source)).toBeUndefined();
    source.origin = 'http://evil.example';
    expect(subject.check(source)?.code).toBe('OMNI_ORIGIN_FORBIDDEN');
  });

  it('repeats a host in the message only when it is well formed', () => {
    expect(loopback.check({ host: 'evil.example', origin: undefined })?.message).toContain('evil.example');
    expect(loopback.check({ host: 'evil\r\nforged log line', origin: undefined })?.message).not.toContain(
      'forged',
    );
  });
});

function guard(options: Partial<OriginGuardOptions>): OriginGuard {
  return new OriginGuard({
    host: '127.0.0.1',
    isLoopback: true,
    allowedHosts: [],
    allowedOrigins: [],
    ...options,
  });
}
