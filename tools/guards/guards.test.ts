import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { GUARDS } from './guards.ts';
import { guardsPage, PAGE_FILE } from './page.ts';
import { placeGuards } from './placed-guards.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('the list of guards', () => {
  const placement = placeGuards(ROOT, GUARDS);

  it('names each guard once and says against what it is', () => {
    expect(new Set(GUARDS.map(({ name }) => name)).size).toBe(GUARDS.length);
    const incomplete = GUARDS.filter(
      ({ name, against }) => !/^[a-z]+\/[A-Za-z0-9-]+$/.test(name) || !against.endsWith('.'),
    );
    expect(incomplete.map(({ name }) => name)).toEqual([]);
  });

  it('has a marker in the sources and one at a test for each guard, and a guard for each marker', () => {
    expect(Object.fromEntries(placement.problems)).toEqual({});
  });

  it('is what docs/guards.md says', () => {
    // When this fails: npm run guards -- --write
    expect(readFileSync(join(ROOT, PAGE_FILE), 'utf8').replaceAll('\r\n', '\n')).toBe(guardsPage(GUARDS));
  });
});
