import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GUARDS } from '../../guards/guards.ts';
import { placeGuards, type PlacedGuard } from '../../guards/placed-guards.ts';
import { countsLine } from '../../workspace/counts.mjs';
import type { SeedResult } from '../checked-seed.ts';
import { optionsText, type SeedJob } from '../any-scenario.ts';
import type { SimulateOptions } from '../options.ts';
import { runSeeds } from '../seed-pool.ts';
import { jobOf, PLANTED_BUGS } from './planted-bugs.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const GUARD_IMPORT = pathToFileURL(join(ROOT, 'tools', 'guards', 'guard-import.mjs')).href;
/** Only there the simulation runs what is guarded. */
const SIMULATED = /^libs\/(?:core|model|composition|jsonrpc|ports)\//;

/** What a simulation made of a core without one of its guards. */
export interface PlantedOutcome {
  readonly guard: string;
  readonly against: string;
  /** The first seed that has noticed it; `undefined` where none has. */
  readonly seed: SeedJob | undefined;
  /** What was broken there. */
  readonly found: readonly string[];
  /** The first of it, in words. */
  readonly what: string;
  /** Until it was found, or all there was. */
  readonly simulatedHours: number;
}

/**
 * Takes guards away, one after the other, and looks whether an invariant breaks within the seeds that are
 * given; without any, within the one that is known to notice it.
 *
 * @returns The exit code: 1 where one is not noticed.
 */
export async function runPlanted(options: SimulateOptions): Promise<number> {
  const names = options.planted ?? [];
  const jobsOf = new Map(PLANTED_BUGS.map(({ guard, ...bug }) => [guard, [jobOf(bug)]]));
  const wanted = placedGuards().filter(({ name }) =>
    names.length === 0 ? jobsOf.has(name) : names.some((beginning) => name.startsWith(beginning)),
  );
  const outcomes = await outcomesWithout(
    wanted.map((guard) => ({
      guard,
      jobs: options.hasOwnSeeds ? options.jobs : (jobsOf.get(guard.name) ?? options.jobs),
    })),
    options.workers,
    (outcome) => {
      if (!options.isJson) console.log(outcomeText(outcome));
    },
  );
  const missed = outcomes.filter(({ found }) => found.length === 0).length;
  if (options.isJson) console.log(JSON.stringify(outcomes, undefined, 2));
  else console.log(countsLine({ passed: outcomes.length - missed, failed: missed, skipped: 0 }));
  return missed === 0 ? 0 : 1;
}

/** Guards of what a simulation runs. */
export function placedGuards(): readonly PlacedGuard[] {
  const { guards } = placeGuards(ROOT, GUARDS);
  return guards.filter(({ removals }) => removals.every(({ file }) => SIMULATED.test(file)));
}

export interface PlantedTask {
  readonly guard: PlacedGuard;
  readonly jobs: readonly SeedJob[];
}

/** @param workers - Guards that are looked at together. */
export async function outcomesWithout(
  tasks: readonly PlantedTask[],
  workers: number,
  onOutcome: (outcome: PlantedOutcome) => void = () => {},
): Promise<readonly PlantedOutcome[]> {
  const left = [...tasks];
  const outcomes: PlantedOutcome[] = [];
  await Promise.all(
    Array.from({ length: workers }, async () => {
      for (let task = left.shift(); task !== undefined; task = left.shift()) {
        const outcome = await livesWithout(task);
        outcomes.push(outcome);
        onOutcome(outcome);
      }
    }),
  );
  return outcomes;
}

async function livesWithout({
  guard: { name, against, removals },
  jobs,
}: PlantedTask): Promise<PlantedOutcome> {
  let simulatedMs = 0;
  let noticed: SeedResult | undefined;
  await runSeeds({
    jobs,
    workers: 1,
    check: { isOnce: true, stopsAtFirst: true },
    execArgv: [`--import=${GUARD_IMPORT}?removals=${encodeURIComponent(JSON.stringify(removals))}`],
    onResult: (result) => {
      simulatedMs += result.simulatedMs;
      if (result.violations.length > 0) noticed = result;
      return noticed === undefined;
    },
  });
  return {
    guard: name,
    against,
    seed: noticed,
    found: [...new Set(noticed?.violations.map(({ invariant }) => invariant))],
    what: noticed?.violations[0]?.what ?? '',
    simulatedHours: simulatedMs / 3_600_000,
  };
}

function outcomeText({ guard, found, seed, what, simulatedHours }: PlantedOutcome): string {
  const how =
    seed === undefined
      ? 'NOT NOTICED'
      : `noticed as ${found.join(', ')} (${optionsText(seed)}: ${what.slice(0, 160)})`;
  return `${guard.padEnd(32)} ${how} after ${simulatedHours.toFixed(1)} h`;
}
