import { describe, expect, it } from '@jest/globals';
import { proxyRules, proxySettings, unusableProxies } from './proxy-rules.ts';

const HTTP = 'http://proxy.corp:3128';
const HTTPS = 'http://secure.corp:3129';

function routeOf(target: string, noProxy?: string): string | undefined {
  return proxyRules({ http: HTTP, https: HTTPS, noProxy })(new URL(target))?.origin;
}

describe('proxyRules', () => {
  it('has a proxy for each protocol', () => {
    expect(routeOf('http://mcp.example/x')).toBe(HTTP);
    expect(routeOf('https://mcp.example/x')).toBe(HTTPS);
    expect(
      proxyRules({ http: HTTP, https: undefined, noProxy: undefined })(new URL('https://a.example')),
    ).toBe(undefined);
  });

  // guard: outgoing/loopback-proxy
  it.each([
    'http://localhost:3/',
    'http://a.localhost/',
    'http://127.0.0.1:8/',
    'http://127.9.9.9/',
    'https://[::1]/',
  ])('goes past it on this machine: %s', (target) => {
    expect(routeOf(target)).toBeUndefined();
  });

  it.each<[string, string, boolean]>([
    ['example.com', 'http://example.com/', true],
    ['example.com', 'http://mcp.example.com/', true],
    ['.example.com', 'http://mcp.example.com/', true],
    ['*.example.com', 'https://mcp.example.com/', true],
    ['example.com', 'http://badexample.com/', false],
    ['EXAMPLE.com', 'http://example.COM./', true],
    ['example.com:8080', 'http://example.com/', false],
    ['example.com:8080', 'http://example.com:8080/', true],
    ['example.com:443', 'https://example.com/', true],
    ['a.example , b.example', 'http://b.example/', true],
    ['a.example b.example', 'http://b.example/', true],
    ['*', 'http://anything.example/', true],
    ['10.0.0.0/8', 'http://10.3.4.5:99/', true],
    ['10.0.0.0/8', 'http://11.3.4.5/', false],
    ['192.168.1.7', 'http://192.168.1.7/', true],
    ['fd00::/8', 'http://[fd00::7]:80/', true],
    ['fd00::7', 'http://[fd00::7]/', true],
    ['10.0.0.0/99', 'http://10.0.0.1/', false],
    ['', 'http://example.com/', false],
  ])('with NO_PROXY=%s, %s goes past it: %s', (noProxy, target, isPast) => {
    expect(routeOf(target, noProxy) === undefined).toBe(isPast);
  });

  it('reads addresses without protocol, and uses none that it cannot', () => {
    const rules = proxyRules({
      http: 'proxy.corp:3128',
      https: 'socks5://proxy.corp:1080',
      noProxy: undefined,
    });
    expect(rules(new URL('http://a.example'))?.href).toBe('http://proxy.corp:3128/');
    expect(rules(new URL('https://a.example'))).toBeUndefined();
  });
});

describe('proxySettings', () => {
  const environment = {
    HTTP_PROXY: 'http://a',
    http_proxy: 'http://b',
    HTTPS_PROXY: 'http://c',
    NO_PROXY: 'd',
  };

  it('takes what the environment says, small letters first', () => {
    expect(proxySettings('environment', environment)).toEqual({
      http: 'http://b',
      https: 'http://c',
      noProxy: 'd',
    });
  });

  it('takes the configured address in place of those, but no exception less', () => {
    expect(proxySettings('http://e:1', environment)).toEqual({
      http: 'http://e:1',
      https: 'http://e:1',
      noProxy: 'd',
    });
  });

  it('takes none where none is wanted', () => {
    expect(proxySettings('none', environment)).toMatchObject({ http: undefined, https: undefined });
  });
});

describe('unusableProxies', () => {
  it('names the variables that count and hold no address of a proxy of a known kind', () => {
    const environment = {
      http_proxy: 'http://user:pass word@[::1',
      HTTP_PROXY: 'http://a.example:1',
      HTTPS_PROXY: 'socks5://secret@b.example:1',
    };
    expect(unusableProxies('environment', environment)).toEqual(['http_proxy', 'HTTPS_PROXY']);
  });

  it('names none that are empty, can be used or do not count', () => {
    expect(unusableProxies('environment', { http_proxy: '', HTTPS_PROXY: 'proxy.corp:3128' })).toEqual([]);
    expect(unusableProxies('none', { http_proxy: 'socks5://a.example' })).toEqual([]);
    expect(unusableProxies('http://e:1', { http_proxy: 'socks5://a.example' })).toEqual([]);
  });
});
