import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nearestName } from './nearest-name.ts';

describe('nearestName', () => {
  it.each([
    ['fs__read_flie', ['db__query', 'fs__read_file', 'fs__read'], 'fs__read_file'],
    ['serch', ['fetch', 'search', 'perch'], 'search'],
    ['reda', ['write', 'read'], undefined],
    ['redd', ['write', 'read'], 'read'],
    ['kitten_xy', ['sitting_xy'], 'sitting_xy'],
    ['kitten_x', ['sitting_x'], undefined],
    ['kitten_ab', ['sitting_cd'], undefined],
    ['ab', ['ac'], undefined],
    ['x'.repeat(129), ['x'.repeat(128)], undefined],
    ['abc', [], undefined],
  ])('of %s among %j is %s', (name, known, expected) => {
    expect(nearestName(name, known)).toBe(expected);
  });

  it('prefers the nearest to the first', () => {
    expect(nearestName('query_rows', ['query_rowboat', 'query_row', 'querry_row'])).toBe('query_row');
  });

  it('agrees with the textbook on what is within three edits', () => {
    const word = fc.stringMatching(/^[ab]{9,14}$/);
    fc.assert(
      fc.property(word, word, (name, candidate) => {
        const isNear = textbookDistance(name, candidate) <= 3;
        expect(nearestName(name, [candidate])).toBe(isNear ? candidate : undefined);
      }),
      { numRuns: 2_000 },
    );
  });

  it('looks at no more than 1,000 names', () => {
    let seen = 0;
    function* known(): Generator<string> {
      for (; ; seen += 1) yield 'zzzzzz';
    }
    expect(nearestName('aaaaaa', known())).toBeUndefined();
    expect(seen).toBeLessThan(1_000);
  });
});

function textbookDistance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const table = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (__, j) => (i === 0 ? j : i)),
  );
  const at = (i: number, j: number): number => table[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const cell = Math.min(
        at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1),
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
      );
      table[i]?.splice(j, 1, cell);
    }
  }
  return at(a.length, b.length);
}
