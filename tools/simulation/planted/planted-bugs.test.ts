import { beforeAll, describe, expect, it } from '@jest/globals';
import { GUARDS } from '../../guards/guards.ts';
import type { SeedJob, World } from '../any-scenario.ts';
import { type Invariant, INVARIANTS } from '../checks/violations.ts';
import { SUITES } from '../suites.ts';
import { jobOf, PLANTED_BUGS, UNSEEN_BUGS } from './planted-bugs.ts';
import { outcomesWithout, placedGuards, type PlantedOutcome } from './run-planted.ts';

/** Threads that run together. */
const WORKERS = 2;
/** For what hangs: half a minute is enough where nobody else wants the machine. */
const LONGEST_MS = 1_200_000;
/** Invariants that no guard protects alone: tests beside them break them. */
const BROKEN_BY_TESTS: readonly Invariant[] = ['I3', 'I15', 'P5', 'P6', 'P7', 'same'];
/** Seeds that may notice as well what the one that is known does not notice any more. */
const OTHERS: Readonly<Record<World, readonly SeedJob[]>> = {
  life: Array.from({ length: 20 }, (_, index) => jobOf({ seed: 10_001 + index, seconds: 60 })),
  policies: Array.from({ length: 20 }, (_, index) =>
    jobOf({ world: 'policies', seed: 1 + index, seconds: 12 }),
  ),
  topics: Array.from({ length: 21 }, (_, index) => jobOf({ world: 'topics', seed: 1 + index, seconds: 90 })),
  processes: [],
};

describe('the list of planted bugs', () => {
  it('has at least 26 that are noticed, each bug once, and each a guard of what is simulated', () => {
    const names = [...PLANTED_BUGS, ...UNSEEN_BUGS].map(({ guard }) => guard);
    const simulated = new Set(placedGuards().map(({ name }) => name));
    expect(PLANTED_BUGS.filter(({ seconds }) => seconds === 60).length).toBeGreaterThanOrEqual(26);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !simulated.has(name))).toEqual([]);
    expect(GUARDS.length).toBeGreaterThan(simulated.size);
  });

  it('names seeds of the suite that npm test runs', () => {
    const jobs = new Set(
      SUITES['short']?.flatMap(({ world, firstSeed, seeds, seconds }) =>
        Array.from({ length: seeds }, (_, index) => `${world} ${firstSeed + index} ${seconds}`),
      ),
    );
    const others = PLANTED_BUGS.filter((bug) => {
      const { world, seed, seconds } = jobOf(bug);
      return !jobs.has(`${world} ${seed} ${seconds}`);
    });
    expect(others.map(({ guard }) => guard)).toEqual([]);
  });

  it('says of each bug that nobody notices why no invariant can see it', () => {
    expect(UNSEEN_BUGS.filter(({ why }) => why.length < 20)).toEqual([]);
  });
});

describe('the invariants', () => {
  it('have a bug or a test each that breaks them', () => {
    const broken = new Set([...PLANTED_BUGS.map(({ by }) => by), ...BROKEN_BY_TESTS]);
    expect(Object.keys(INVARIANTS).filter((name) => !new Set<string>(broken).has(name))).toEqual([]);
  });
});

describe('a core without a guard', () => {
  /** Long seeds are left to the nightly run, which takes the whole list. */
  const bugs = PLANTED_BUGS.filter(({ seconds }) => seconds <= 60);
  let outcomes: ReadonlyMap<string, PlantedOutcome> = new Map();

  beforeAll(async () => {
    const guards = new Map(placedGuards().map((guard) => [guard.name, guard]));
    const tasks = bugs.flatMap(({ guard: name, ...bug }) => {
      const guard = guards.get(name);
      const job = jobOf(bug);
      return guard === undefined ? [] : [{ guard, jobs: [job, ...OTHERS[job.world]] }];
    });
    const all = await outcomesWithout(tasks, WORKERS);
    outcomes = new Map(all.map((outcome) => [outcome.guard, outcome]));
  }, LONGEST_MS);

  // When another seed notices it: npm run simulate -- --planted GUARD --suite short
  it.each(bugs)('$guard breaks $by', ({ guard, by, seed }) => {
    const { found = [], seed: noticedBy } = outcomes.get(guard) ?? {};
    if (noticedBy?.seed === seed) expect(found).toContain(by);
    else expect(found).not.toEqual([]);
  });
});
