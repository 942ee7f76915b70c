import { describe, expect, it } from '@jest/globals';
import { TokenTable, type AcceptedToken } from './token-table.ts';

/** Tokens that differ in one character only, at every place. */
const ALIKE: readonly AcceptedToken[] = Array.from({ length: 1_000 }, (_, index) => ({
  id: `user-${index}`,
  token: `${'~'.repeat(index % 16)}${String.fromCharCode(48 + Math.floor(index / 16))}${'~'.repeat(15 - (index % 16))}`,
}));

describe('TokenTable', () => {
  it('knows whose each of a thousand tokens is, with whatever key', () => {
    for (let key = 0; key < 20; key++) {
      const table = new TokenTable(ALIKE);
      expect(ALIKE.filter(({ id, token }) => table.find(token)?.id !== id)).toEqual([]);
    }
  });

  it('finds nobody for a token that is not there, nor for the beginning or an extension of one that is', () => {
    const table = new TokenTable(ALIKE);
    const others = ALIKE.flatMap(({ token }) => [
      token.slice(0, -1),
      `${token}x`,
      token.replaceAll('~', '}'),
    ]);
    expect(others.filter((token) => table.find(token) !== undefined)).toEqual([]);
  });

  it('lets the first of two equal tokens count', () => {
    const table = new TokenTable([
      { id: 'first', token: 'the-same-token' },
      { id: 'second', token: 'the-same-token' },
    ]);
    expect(table.find('the-same-token')).toEqual({ id: 'first', kind: 'token' });
  });

  it('finds nobody when there are no tokens', () => {
    const table = new TokenTable([]);
    expect(['a', '\u0000', 'undefined'].map((token) => table.find(token))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('takes no longer for two hundred tokens than for two', () => {
    const sent = 'kM3vXq7-Zr_9tLw2kM3vXq7-Zr_9tLw2kM3vXq7-Zr_';
    const many = Array.from({ length: 200 }, (_, index) => ({
      id: `user-${index}`,
      token: `${sent}${index}`,
    }));
    const quickest = (tokens: readonly AcceptedToken[]): number => {
      const table = new TokenTable(tokens);
      const rounds = Array.from({ length: 20 }, () => {
        const begin = performance.now();
        for (let at = 0; at < 2_000; at++) table.find(`${sent}${at % 2}`);
        return performance.now() - begin;
      });
      return Math.min(...rounds);
    };
    // Comparing with each of them would take a hundred times as long.
    expect(quickest(many)).toBeLessThan(5 * quickest(many.slice(0, 2)));
  });
});
