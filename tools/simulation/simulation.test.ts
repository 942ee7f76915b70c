import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { checkScenario } from './checked-seed.ts';
import { NEEDED_CONDITIONS } from './checks/needed-conditions.ts';
import { foundScenarios } from './found-scenarios.ts';
import { parseOptions, UsageError } from './options.ts';
import { scenarioOf } from './scenario.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulation.ts';

describe('a simulation', () => {
  it('is equal to its repetition, and breaks nothing', async () => {
    const { violations, forbidden, received } = await checkScenario(scenarioOf(3, 20_000));
    expect({ violations, forbidden }).toEqual({ violations: [], forbidden: [] });
    expect(received).toBeGreaterThan(0);
  });

  it('is not equal to its repetition where that takes another way', async () => {
    let runs = 0;
    const { violations } = await checkScenario(scenarioOf(3, 20_000), {
      run: (scenario) => simulate({ ...scenario, durationMs: scenario.durationMs + runs++ * 1_000 }),
    });
    expect(violations.map(({ invariant }) => invariant)).toEqual(['same']);
  });

  it('has a scenario of its own for each seed, which a file can hold', () => {
    const scenario = scenarioOf(5, 600_000);
    expect(scenarioOf(5, 600_000)).toEqual(scenario);
    expect(JSON.parse(JSON.stringify(scenario))).toEqual(scenario);
    expect(scenarioOf(6, 600_000)).not.toEqual(scenario);
  });

  it('has at least 150 conditions, each of them once', () => {
    expect(new Set(NEEDED_CONDITIONS).size).toBe(NEEDED_CONDITIONS.length);
    expect(NEEDED_CONDITIONS.length).toBeGreaterThanOrEqual(150);
  });
});

describe('scenarios that were found once', () => {
  const found = foundScenarios();
  it.each(found.length > 0 ? found : [{ name: 'none so far', scenario: scenarioOf(1, 1_000) }])(
    '$name breaks nothing any more',
    async ({ scenario }) => {
      expect((await checkScenario(scenario, { isOnce: true })).violations).toEqual([]);
    },
  );
});

describe('shrink', () => {
  it('leaves what a violation needs: one fault, one client, one server, and the time until then', async () => {
    const scenario = scenarioOf(9, 2_400_000);
    const culprit = scenario.faults[10];
    const smaller = await shrink(scenario, 'I3', {
      run: ({ faults }) => {
        const at = faults.find((fault) => fault.atMs === culprit?.atMs);
        return Promise.resolve({
          violations: at === undefined ? [] : [{ invariant: 'I3', atMs: at.atMs, what: 'planted' }],
        });
      },
    });
    expect(smaller.faults.map(({ atMs }) => atMs)).toEqual([culprit?.atMs]);
    expect([smaller.clients.length, smaller.hosts.length]).toEqual([1, 1]);
    expect(smaller.durationMs).toBe((culprit?.atMs ?? 0) + 1_000);
  });

  it('keeps what a configuration names, and fails with what is no such refusal', async () => {
    const scenario = scenarioOf(9, 2_400_000);
    const run = (code: 'OMNI_CONFIG_INVALID' | 'OMNI_INTERNAL') =>
      shrink(scenario, 'I3', {
        run: ({ hosts }) =>
          hosts.length < scenario.hosts.length
            ? Promise.reject(new GatewayError(code, 'a server is named that is gone'))
            : Promise.resolve({ violations: [{ invariant: 'I3', atMs: 1_000, what: 'planted' }] }),
      });
    expect((await run('OMNI_CONFIG_INVALID')).hosts).toHaveLength(scenario.hosts.length);
    await expect(run('OMNI_INTERNAL')).rejects.toMatchObject({ code: 'OMNI_INTERNAL' });
  });
});

describe('the options of npm run simulate', () => {
  it('name seeds and lengths', () => {
    expect(parseOptions(['--seed', '7', '--seeds', '2', '--hours', '1.5']).jobs).toEqual([
      { world: 'life', seed: 7, seconds: 5_400 },
      { world: 'life', seed: 8, seconds: 5_400 },
    ]);
    expect(parseOptions(['--suite', 'short']).jobs).toHaveLength(263);
    expect(parseOptions(['--suite', 'short']).hasOwnSeeds).toBe(true);
    expect(parseOptions(['--policies', '--seconds', '20']).jobs).toEqual([
      { world: 'policies', seed: 1, seconds: 20 },
    ]);
    expect(parseOptions(['--planted']).hasOwnSeeds).toBe(false);
    const shards = [1, 2, 3].map(
      (part) => parseOptions(['--suite', 'long', '--shard', `${part}/3`]).jobs.length,
    );
    expect(shards.reduce((sum, count) => sum + count)).toBe(1_462);
  });

  it.each([
    ['--seed', '0'],
    ['--shard', '3/2'],
    ['--suite', 'none'],
    ['--hours', '1', '--seconds', '1'],
    ['7'],
  ])('refuse %s %s', (...argv) => {
    expect(() => parseOptions(argv)).toThrow(UsageError);
  });
});
