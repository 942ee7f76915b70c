import { describe, expect, it } from '@jest/globals';
import { watchedSearch } from './watched-search.ts';

describe('watchedSearch', () => {
  it('searches in a thread and tells what ran', async () => {
    const { runs, findings, kept, functions } = await watchedSearch({
      target: 'text-edit',
      seconds: 0.2,
      seed: 1,
    });
    expect(findings).toEqual([]);
    expect(runs).toBeGreaterThan(10);
    expect(kept.length).toBeGreaterThan(3);
    expect(functions).toBeGreaterThan(3);
  }, 60_000);

  it('tells of a thread that ended by an error, with the input that it had', async () => {
    const { runs, findings } = await watchedSearch({ target: 'absent', seconds: 1, seed: 1 });
    expect(runs).toBe(0);
    expect(findings.map(({ key, input }) => [key, input.length])).toEqual([
      ['TypeError: no target is called absent', 0],
    ]);
  }, 60_000);
});
