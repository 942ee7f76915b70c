import { VirtualClock } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { issuerSettings } from './identity-scene.fixture.ts';
import type { VerifiedToken } from './verified-token.ts';
import { VerifiedTokens } from './verified-tokens.ts';

const issuer = issuerSettings();

function token(id: string, expiresAt?: number): VerifiedToken {
  return { principal: { id, kind: 'identity' }, issuer, audiences: [], expiresAt, certificate: undefined };
}

describe('VerifiedTokens', () => {
  // guard: identity/cache-time, identity/cache-end
  it('knows a token until its time is over or it ends, whichever comes first', () => {
    const clock = new VirtualClock();
    const tokens = new VerifiedTokens({ clock });
    tokens.add('a', token('ada'));
    tokens.add('b', token('bo', clock.now() + 10_000));
    clock.advance(9_999);
    expect([tokens.find('a'), tokens.find('b')]).toEqual([token('ada'), expect.anything()]);
    clock.advance(1);
    expect([tokens.find('a')?.principal.id, tokens.find('b')]).toEqual(['ada', undefined]);
    clock.advance(50_000);
    expect(tokens.find('a')).toBeUndefined();
    expect(tokens.size).toBe(0);
  });

  // guard: identity/cache-end
  it('never keeps a token that has ended', () => {
    const clock = new VirtualClock();
    const tokens = new VerifiedTokens({ clock });
    tokens.add('a', token('ada', clock.now()));
    expect(tokens.size).toBe(0);
  });

  it('forgets a token that has ended by the wall clock', () => {
    const clock = new VirtualClock();
    const tokens = new VerifiedTokens({ clock });
    tokens.add('a', token('ada', clock.now() + 10_000));
    clock.setWallClock(clock.now() + 10_000);
    expect(tokens.find('a')).toBeUndefined();
  });

  // guard: identity/cache-size
  it('holds a number of tokens, and forgets the one that was verified longest ago', () => {
    const tokens = new VerifiedTokens({ clock: new VirtualClock(), maxTokens: 3 });
    for (const id of ['a', 'b', 'c']) tokens.add(id, token(id));
    tokens.add('a', token('a'));
    tokens.add('d', token('d'));
    expect(['a', 'b', 'c', 'd'].filter((id) => tokens.find(id) !== undefined)).toEqual(['a', 'c', 'd']);
  });

  it('lets nobody with many tokens take the place of others', () => {
    const tokens = new VerifiedTokens({ clock: new VirtualClock(), maxTokens: 40 });
    tokens.add('bo', token('bo'));
    for (let at = 0; at < 1_000; at++) tokens.add(`ada-${at}`, token('ada'));
    expect(tokens.size).toBe(33);
    expect(tokens.find('bo')).toBeDefined();
    expect(tokens.find('ada-999')).toBeDefined();
  });

  it('forgets all tokens of a principal', () => {
    const tokens = new VerifiedTokens({ clock: new VirtualClock() });
    for (const digest of ['a', 'b']) tokens.add(digest, token('ada'));
    tokens.add('c', token('bo'));
    tokens.revoke('ada');
    expect(['a', 'b', 'c'].filter((digest) => tokens.find(digest) !== undefined)).toEqual(['c']);
  });
});
