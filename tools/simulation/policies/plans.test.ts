import { describe, expect, it } from '@jest/globals';
import { checkScenario } from '../checked-seed.ts';
import { shrink } from '../shrink.ts';
import { episodesOf } from './make-episodes.ts';
import { planOf } from './make-plan.ts';
import { judgeAnswers } from './references/answers.ts';
import { runPlan } from './run-plan.ts';
import { topicPlanOf } from './topics/make-topic-plan.ts';
import { TOPICS } from './topics/topics.ts';

describe('a plan', () => {
  it('is one for each seed, which a file can hold', () => {
    for (const make of [planOf, episodesOf]) {
      const plan = make(5, 20_000);
      expect(make(5, 20_000)).toEqual(plan);
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
      expect(make(6, 20_000)).not.toEqual(plan);
    }
  });

  it('runs twice in the same way, and breaks nothing', async () => {
    const { violations, forbidden, received } = await checkScenario(planOf(3, 5_000));
    expect({ violations, forbidden }).toEqual({ violations: [], forbidden: [] });
    expect(received).toBeGreaterThan(0);
  });

  it('is made smaller: the call that breaks, its client and its server are left', async () => {
    const plan = planOf(7, 20_000);
    const culprit = plan.calls[40];
    const smaller = await shrink(plan, 'P2', {
      run: ({ calls }) =>
        Promise.resolve({
          violations: calls.some(({ id }) => id === culprit?.id)
            ? [{ invariant: 'P2', atMs: culprit?.atMs ?? 0, what: 'planted' }]
            : [],
        }),
    });
    expect(smaller.calls).toEqual([{ ...culprit, moods: culprit?.moods.slice(-1) }]);
    expect([smaller.clients.length, smaller.upstreams.length]).toEqual([1, 1]);
    expect(smaller.durationMs).toBe((culprit?.atMs ?? 0) + 1_000);
  });
});

describe('a plan about one policy', () => {
  it.each(TOPICS.map(({ name }, index) => ({ name, seed: index + 1 })))(
    'runs twice in the same way, and breaks nothing: $name [S003-GO-01]',
    async ({ seed }) => {
      const { violations, forbidden, received } = await checkScenario(topicPlanOf(seed, 20_000));
      expect({ violations, forbidden }).toEqual({ violations: [], forbidden: [] });
      expect(received).toBeGreaterThan(0);
    },
  );
});

describe('the router itself', () => {
  /** Share of calls that may fail by its fault. */
  const BUDGET = 0.001;

  it('is to blame for no more than a call in a thousand, whatever servers do [S003-PF-04]', async () => {
    let calls = 0;
    let byRouter = 0;
    for (let seed = 201; seed <= 206; seed++) {
      const { history } = await runPlan(planOf(seed, 12_000));
      calls += history.calls.size;
      byRouter += [...history.calls.values()].filter(
        ({ reply, cancelledAtMs }) =>
          (reply === undefined && cancelledAtMs === undefined) ||
          reply?.kind === 'strange' ||
          (reply?.kind === 'error' && reply.code === 'OMNI_INTERNAL'),
      ).length;
      byRouter += judgeAnswers(history).length;
    }
    expect(calls).toBeGreaterThan(1_000);
    expect(byRouter / calls).toBeLessThanOrEqual(BUDGET);
  }, 60_000);
});
