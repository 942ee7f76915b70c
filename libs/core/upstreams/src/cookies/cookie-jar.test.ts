import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import { CookieJar } from './cookie-jar.ts';

const URL_OF_SERVER = 'https://mcp.up.test/mcp/a';

function jarOf(...set: string[]) {
  const clock = new VirtualClock();
  const jar = new CookieJar(clock);
  const take = (...headers: string[]): void =>
    jar.take(
      URL_OF_SERVER,
      headers.flatMap((header) => ['Set-Cookie', header]),
    );
  take(...set);
  return { jar, clock, take };
}

describe('CookieJar', () => {
  it.each<[string, string, string | undefined]>([
    ['a=1', '/mcp/a', 'a=1'],
    ['a=1', '/mcp/b', 'a=1'],
    ['a=1', '/other', undefined],
    ['a=1; Path=/', '/other', 'a=1'],
    ['a=1; Path=/mc', '/mcp/a', undefined],
    ['a=1; path=/mcp/', '/mcp/a', 'a=1'],
    ['a="x y"; Secure; HttpOnly; SameSite=None', '/mcp/a', 'a="x y"'],
    [' a = b=c ; Path=relative', '/mcp/a', 'a=b=c'],
    ['a=', '/mcp/a', 'a='],
    ['=1', '/mcp/a', undefined],
    ['nothing', '/mcp/a', undefined],
    ['a=1\u0001', '/mcp/a', undefined],
    ['a=1; Domain=up.test', '/mcp/a', 'a=1'],
    ['a=1; Domain=.MCP.up.test', '/mcp/a', 'a=1'],
  ])('keeps %s for %s as %s', (set, path, header) => {
    expect(jarOf(set).jar.headerFor(`https://mcp.up.test${path}`)).toBe(header);
  });

  // guard: cookies/domain
  it.each(['other.test', 'a.mcp.up.test', 'p.up.test'])('ignores one for the host %s', (domain) => {
    expect(jarOf(`a=1; Domain=${domain}`).jar.headerFor(URL_OF_SERVER)).toBeUndefined();
  });

  it('sends a secure one over TLS and on this machine only', () => {
    const { jar } = jarOf('a=1; Secure; Path=/');
    expect(jar.headerFor('http://mcp.up.test/')).toBeUndefined();
    expect(jar.headerFor('http://localhost:3/')).toBe('a=1');
  });

  it('puts longer paths first', () => {
    expect(jarOf('a=1; Path=/', 'a=2; Path=/mcp').jar.headerFor(URL_OF_SERVER)).toBe('a=2; a=1');
  });

  it('forgets one when its time is over, or when the server takes it back', () => {
    const { jar, clock, take } = jarOf(
      'a=1; Max-Age=10',
      'b=1; Expires=Thu, 01 Jan 2031 00:00:00 GMT',
      'c=1',
    );
    expect(jar.headerFor(URL_OF_SERVER)).toBe('a=1; b=1; c=1');
    clock.advance(10_000);
    expect(jar.headerFor(URL_OF_SERVER)).toBe('b=1; c=1');
    take('b=; Expires=Thu, 01-Jan-70 00:00:00 GMT', 'c=; Max-Age=0; Expires=Thu, 01 Jan 2031 00:00:00 GMT');
    expect(jar.headerFor(URL_OF_SERVER)).toBeUndefined();
  });

  it.each([
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
    '6 nov 1994 8:49:37',
  ])('reads the date %s', (date) => {
    expect(jarOf(`a=1; Expires=${date}`).jar.headerFor(URL_OF_SERVER)).toBeUndefined();
  });

  it('keeps one whose date cannot be read as long as the others', () => {
    expect(jarOf('a=1; Expires=tomorrow').jar.headerFor(URL_OF_SERVER)).toBe('a=1');
  });

  // guard: cookies/count
  it('drops the oldest of too many', () => {
    const { jar, take } = jarOf();
    for (let index = 0; index < 60; index++) take(`n${index}=1`);
    const header = jar.headerFor(URL_OF_SERVER);
    expect(header?.split('; ')).toHaveLength(50);
    expect(header).toContain('n59=1');
    expect(header).not.toContain('n9=1');
  });

  // guard: cookies/length
  it('keeps none that is too long', () => {
    expect(jarOf(`a=${'x'.repeat(5_000)}`).jar.headerFor(URL_OF_SERVER)).toBeUndefined();
  });

  // guard: cookies/header-length
  it('sends no more than servers take', () => {
    const { jar } = jarOf(...['a', 'b', 'c'].map((name) => `${name}=${'x'.repeat(4_000)}`));
    expect(jar.headerFor(URL_OF_SERVER)?.length).toBeLessThanOrEqual(8_192);
    expect(jar.headerFor(URL_OF_SERVER)).toContain('b=');
  });
});
