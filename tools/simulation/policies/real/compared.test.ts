import { describe, expect, it } from '@jest/globals';
import { episodesOf } from '../make-episodes.ts';
import { runPlan } from '../run-plan.ts';
import { differences, outcomesOf } from './compared.ts';

describe('the comparison with real processes', () => {
  it('finds what becomes of a call in another way, and only once more what was found before', async () => {
    const { history } = await runPlan(episodesOf(1, 2_000));
    const certain = new Map(outcomesOf(history));
    expect(differences(history, certain)).toEqual([]);
    const [call = ''] = certain.keys();
    certain.set(call, 'gone after cut');
    const [found] = differences(history, certain);
    expect(found).toMatchObject({ invariant: 'P7' });
    expect(found?.what).toContain(`${call} ends as`);
    expect(differences(history, certain, found === undefined ? [] : [found])).toHaveLength(1);
    expect(
      differences(history, certain, [{ invariant: 'P7', atMs: 0, what: 'u9k9 ends otherwise' }]),
    ).toEqual([]);
  });
});
