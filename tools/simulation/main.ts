/** `npm run simulate`: see {@link USAGE}. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { countsLine } from '../workspace/counts.mjs';
import { type AnyScenario, runScenario, scenarioFor, type SeedJob } from './any-scenario.ts';
import { checkScenario, isSound, type SeedResult } from './checked-seed.ts';
import { NEEDED_CONDITIONS } from './checks/needed-conditions.ts';
import { readScenario, writeFound } from './found-scenarios.ts';
import { parseOptions, type SimulateOptions, USAGE, UsageError } from './options.ts';
import { runPlanted } from './planted/run-planted.ts';
import { failureText, totalsOf, totalsText } from './report.ts';
import { runSeeds } from './seed-pool.ts';
import { shrink } from './shrink.ts';

/** A progress is told so often. */
const TELL_EVERY = 20;

async function main(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  if (options === undefined) return 64;
  if (options.isHelp) {
    console.log(USAGE);
    return 0;
  }
  if (options.planted !== undefined) return runPlanted(options);
  if (options.printsTrace) return printTrace(options);
  const results = await resultsOf(options);
  return report(options, results);
}

function optionsOf(argv: readonly string[]): SimulateOptions | undefined {
  try {
    return parseOptions(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    return undefined;
  }
}

async function resultsOf({ scenario, isOnce, jobs, workers, resume, stopsAtFirst, isJson }: SimulateOptions) {
  if (scenario !== undefined) return [await checkScenario(readScenario(scenario), { isOnce })];
  const results: SeedResult[] = [...doneIn(resume, jobs)];
  const done = new Set(results.map(keyOf));
  const left = jobs.filter((job) => !done.has(keyOf(job)));
  const onResult = (result: SeedResult): boolean => {
    results.push(result);
    if (resume !== undefined) appendFileSync(resume, `${JSON.stringify(result)}\n`);
    if (!isSound(result)) console.error(failureText(result));
    else if (!isJson && results.length % TELL_EVERY === 0)
      console.error(`${results.length} of ${jobs.length} seeds`);
    return !(stopsAtFirst && !isSound(result));
  };
  await runSeeds({ jobs: left, workers, check: { isOnce, stopsAtFirst }, onResult });
  return results;
}

function doneIn(resume: string | undefined, jobs: readonly SeedJob[]): readonly SeedResult[] {
  if (resume === undefined) return [];
  mkdirSync(dirname(resume), { recursive: true });
  if (!existsSync(resume)) return [];
  const wanted = new Set(jobs.map(keyOf));
  // Written above.
  return readFileSync(resume, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SeedResult)
    .filter((result) => wanted.has(keyOf(result)));
}

function keyOf({ world, seed, seconds }: SeedJob): string {
  return `${world} ${seed} ${seconds}`;
}

async function report(options: SimulateOptions, results: readonly SeedResult[]): Promise<number> {
  const totals = totalsOf(results, options.needsConditions ? NEEDED_CONDITIONS : []);
  const failed = results.filter((result) => !isSound(result));
  const [first] = failed;
  const smaller = first !== undefined && options.shrinks ? await smallerOf(options, first) : undefined;
  if (options.isJson) console.log(JSON.stringify({ ...totals, results: failed, smaller }, undefined, 2));
  else {
    console.log(totalsText(totals));
    if (smaller !== undefined)
      console.log(`a smaller scenario that fails alike:\n${JSON.stringify(smaller)}`);
    const missed = totals.missed.length > 0 ? 1 : 0;
    console.log(
      countsLine({ passed: results.length - failed.length, failed: failed.length + missed, skipped: 0 }),
    );
  }
  return failed.length + totals.missed.length === 0 ? 0 : 1;
}

async function smallerOf(
  { scenario, writesTest }: SimulateOptions,
  result: SeedResult,
): Promise<AnyScenario | undefined> {
  const invariant = result.violations[0]?.invariant;
  // Each run of processes takes real time.
  if (invariant === undefined || invariant === 'same' || result.world === 'processes') return undefined;
  const whole = scenario === undefined ? scenarioFor(result) : readScenario(scenario);
  const smaller = await shrink(whole, invariant);
  if (writesTest) console.error(`kept as ${writeFound(smaller, invariant)}`);
  return smaller;
}

async function printTrace({ jobs, scenario }: SimulateOptions): Promise<number> {
  const [job = { world: 'life', seed: 1, seconds: 60 } as const] = jobs;
  const whole = scenario === undefined ? scenarioFor(job) : readScenario(scenario);
  const { trace, violations } = await runScenario(whole, { keepsTrace: true });
  for (const line of trace) console.log(line);
  for (const { invariant, atMs, what } of violations)
    console.log(`${invariant} at ${atMs / 1_000} s: ${what}`);
  return violations.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
