import { parseArgs } from 'node:util';
import type { SeedJob, World } from './any-scenario.ts';
import { SUITES } from './suites.ts';

export const USAGE = `Lives through many hours of trouble with the real core, on virtual time.
Usage: npm run simulate -- [options]
  --seed N            the seed to run; default 1
  --seeds K           so many seeds, from --seed on; default 1
  --hours H           how long faults happen in each; also --minutes M, --seconds S; default 40 minutes
  --policies          runs plans of calls that meet the policies of routing
  --topics            runs plans that are about one of these policies, in turns
  --processes         runs such plans with real processes too, and compares what becomes of the calls
  --suite NAME        a set of seeds instead: ${Object.keys(SUITES).join(', ')}
  --shard I/N         of N equal parts of the seeds the I-th, from 1
  --resume FILE       keeps what is done in this file, and goes on there
  --jobs J            seeds at the same time; default 2
  --once              without the repetition that has to be equal
  --stop-at-first     ends with the first seed that fails
  --scenario FILE     runs a scenario from a file
  --trace             prints what happened, of one seed
  --no-shrink         leaves a failing scenario as it is
  --write-test        keeps a failing scenario in found/, where tests run it from then on
  --need-conditions   fails when a named condition is not reached by all seeds together
  --planted [NAMES]   takes guards away, and looks whether the seed that is known for each notices it, or any of those
                      that are given
  --json              prints the outcome as JSON
  --help              this text
The last line is "N passed, N failed, N skipped", a seed each. Exit codes: 1 something was found, 64 wrong arguments.`;

const OPTIONS = {
  seed: { type: 'string' },
  seeds: { type: 'string' },
  hours: { type: 'string' },
  minutes: { type: 'string' },
  seconds: { type: 'string' },
  policies: { type: 'boolean', default: false },
  topics: { type: 'boolean', default: false },
  processes: { type: 'boolean', default: false },
  suite: { type: 'string' },
  shard: { type: 'string', default: '1/1' },
  resume: { type: 'string' },
  jobs: { type: 'string', default: '2' },
  once: { type: 'boolean', default: false },
  'stop-at-first': { type: 'boolean', default: false },
  scenario: { type: 'string' },
  trace: { type: 'boolean', default: false },
  'no-shrink': { type: 'boolean', default: false },
  'write-test': { type: 'boolean', default: false },
  'need-conditions': { type: 'boolean', default: false },
  planted: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

export interface SimulateOptions {
  readonly jobs: readonly SeedJob[];
  /** Whether somebody has said which seeds. */
  readonly hasOwnSeeds: boolean;
  readonly workers: number;
  readonly isOnce: boolean;
  readonly stopsAtFirst: boolean;
  readonly scenario: string | undefined;
  readonly resume: string | undefined;
  readonly printsTrace: boolean;
  readonly shrinks: boolean;
  readonly writesTest: boolean;
  readonly needsConditions: boolean;
  readonly planted: readonly string[] | undefined;
  readonly isJson: boolean;
  readonly isHelp: boolean;
}

/** Arguments that make no sense. */
export class UsageError extends Error {}

/** @throws {@link UsageError} */
export function parseOptions(argv: readonly string[]): SimulateOptions {
  const { values, positionals } = parsed(argv);
  if (positionals.length > 0 && !values.planted) throw new UsageError(`"${positionals[0]}" is no option`);
  return {
    jobs: shardOf(jobsOf(values), values.shard),
    hasOwnSeeds: values.suite !== undefined || values.seed !== undefined || values.seeds !== undefined,
    workers: wholeNumber(values.jobs, '--jobs'),
    isOnce: values.once,
    stopsAtFirst: values['stop-at-first'],
    scenario: values.scenario,
    resume: values.resume,
    printsTrace: values.trace,
    shrinks: !values['no-shrink'],
    writesTest: values['write-test'],
    needsConditions: values['need-conditions'],
    planted: values.planted ? positionals : undefined,
    isJson: values.json,
    isHelp: values.help,
  };
}

type Values = ReturnType<typeof parsed>['values'];

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function jobsOf(values: Values): readonly SeedJob[] {
  const { suite } = values;
  if (suite !== undefined) {
    const parts = SUITES[suite];
    if (parts === undefined) throw new UsageError(`No suite is called "${suite}"`);
    return parts.flatMap(({ world, firstSeed, seeds, seconds }) =>
      Array.from({ length: seeds }, (_, index) => ({ world, seed: firstSeed + index, seconds })),
    );
  }
  const first = wholeNumber(values.seed ?? '1', '--seed');
  const seconds = secondsOf(values);
  return Array.from({ length: wholeNumber(values.seeds ?? '1', '--seeds') }, (_, index) => ({
    world: worldIn(values),
    seed: first + index,
    seconds,
  }));
}

function worldIn({ policies, topics, processes }: Values): World {
  if (topics) return 'topics';
  if (processes) return 'processes';
  return policies ? 'policies' : 'life';
}

function secondsOf({ hours, minutes, seconds }: Values): number {
  const given = [hours, minutes, seconds].filter((value) => value !== undefined);
  if (given.length > 1) throw new UsageError('Give one of --hours, --minutes and --seconds');
  const value = Number(given[0] ?? 40);
  if (!(value > 0)) throw new UsageError(`${given[0]} is no length of time`);
  if (hours !== undefined) return value * 3_600;
  return seconds === undefined ? value * 60 : value;
}

function shardOf(jobs: readonly SeedJob[], shard: string): readonly SeedJob[] {
  const [, part, parts] = /^(\d+)\/(\d+)$/.exec(shard)?.map(Number) ?? [];
  if (part === undefined || parts === undefined || part < 1 || part > parts)
    throw new UsageError(`--shard is I/N, such as 1/4, and not "${shard}"`);
  return jobs.filter((_, index) => index % parts === part - 1);
}

function wholeNumber(value: string, name: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new UsageError(`${name} is a whole number, and not "${value}"`);
  return number;
}
