import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ROUTING } from '@omni/ports';
import { checkScenario } from '../checked-seed.ts';
import { shrink } from '../shrink.ts';
import { episodesOf } from './make-episodes.ts';
import { planOf } from './make-plan.ts';
import type { PlannedCall, PolicyPlan } from './plan.ts';
import { runPlan } from './run-plan.ts';

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

describe('a user with a hundred times the calls of another', () => {
  it('gets no more of a server that both want more of, within a tenth', async () => {
    const { history, violations } = await runPlan(greedyPlan());
    const served = (user: string): number =>
      [...history.calls.values()].filter((call) => call.user === user && call.reply?.kind === 'answer')
        .length;
    expect(violations).toEqual([]);
    expect(served('bob')).toBeGreaterThan(25);
    expect(served('ada')).toBeLessThanOrEqual(served('bob') * 1.1);
    expect(served('ada')).toBeGreaterThanOrEqual(served('bob') * 0.9);
  });
});

const DURATION_MS = 16_000;

/** Bob calls 2.5 times a second, ada 250 times; the server takes four calls a second. */
function greedyPlan(): PolicyPlan {
  const durationMs = DURATION_MS;
  const callsOf = (client: string, everyMs: number): readonly PlannedCall[] =>
    Array.from({ length: durationMs / everyMs }, (_, index) => ({
      id: `${client}${index}`,
      atMs: index * everyMs,
      client,
      upstream: 'u0',
      capability: 'act',
      wantsProgress: false,
      moods: [{ kind: 'answer', afterMs: 5 }],
    }));
  return {
    seed: 1,
    durationMs,
    isForProcesses: false,
    limits: { maxUpstreamInFlight: 100 },
    upstreams: [
      {
        name: 'u0',
        transport: 'http',
        era: 'modern',
        callTimeoutMs: 10_000,
        away: [],
        routing: {
          ...DEFAULT_ROUTING,
          rate: { perSecond: 4, burst: 1 },
          queue: { maxWaiting: 40, maxWaitMs: 8_000 },
        },
      },
    ],
    clients: [
      { name: 'a', user: 'ada', era: 'modern' },
      { name: 'b', user: 'bob', era: 'modern' },
    ],
    calls: [...callsOf('a', 4), ...callsOf('b', 400)],
  };
}
