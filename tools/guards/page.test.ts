import { describe, expect, it } from '@jest/globals';
import { guardsPage } from './page.ts';
import type { PlacedGuard } from './placed-guards.ts';

function guardOf(name: string, testFile: string): PlacedGuard {
  const test = { file: testFile, firstLine: 1, lastLine: 2 };
  return {
    name,
    against: 'Anybody *comes* in.',
    removals: [{ file: 'door.ts', start: 0, end: 1, was: 'x', text: '' }],
    tests: [test],
  };
}

describe('guardsPage', () => {
  it('keeps apart the guards whose tests start processes', () => {
    const page = guardsPage([
      guardOf('door/day', 'door.test.ts'),
      guardOf('door/night', 'apps/house-e2e/src/door.test.ts'),
    ]);
    const [, fast = '', slow = ''] = page.split('\n## ');
    expect(fast).toContain('door/day');
    expect(fast).not.toContain('door/night');
    expect(slow).toContain('door/night');
    expect(slow).not.toContain('door/day');
  });

  it('shows text that looks like markup as text', () => {
    expect(guardsPage([guardOf('door/day', 'door.test.ts')])).toContain(String.raw`Anybody \*comes\* in.`);
  });
});
