import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GUARDS } from '../../guards/guards.ts';
import { placeGuards, type PlacedGuard } from '../../guards/placed-guards.ts';
import { countsLine } from '../../workspace/counts.mjs';
import type { SimulateOptions } from '../options.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const MAIN = join(import.meta.dirname, '..', 'main.ts');
const GUARD_IMPORT = pathToFileURL(join(ROOT, 'tools', 'guards', 'guard-import.mjs')).href;
/** Only there the simulation runs what is guarded. */
const SIMULATED = /^libs\/(?:core|model|composition|jsonrpc)\//;

/** What a simulation made of a core without one of its guards. */
export interface PlantedOutcome {
  readonly guard: string;
  readonly against: string;
  /** What was broken; `crash` where the process ended by itself. Empty: nothing was noticed. */
  readonly found: readonly string[];
  readonly seed: number | undefined;
  /** Until it was found, or all there was. */
  readonly simulatedHours: number;
}

/**
 * Takes guards away, one after the other, and looks whether an invariant breaks within the seeds that are
 * given.
 *
 * @returns The exit code: 1 where one is not noticed.
 */
export async function runPlanted(options: SimulateOptions): Promise<number> {
  const { guards } = placeGuards(ROOT, GUARDS);
  const left = guards.filter(
    (guard) =>
      isWanted(guard, options.planted ?? []) && guard.removals.every(({ file }) => SIMULATED.test(file)),
  );
  const outcomes: PlantedOutcome[] = [];
  await Promise.all(
    Array.from({ length: options.workers }, async () => {
      for (let guard = left.shift(); guard !== undefined; guard = left.shift()) {
        const outcome = await livesWithout(guard, options);
        outcomes.push(outcome);
        if (!options.isJson) console.log(outcomeText(outcome));
      }
    }),
  );
  const missed = outcomes.filter(({ found }) => found.length === 0).length;
  if (options.isJson) console.log(JSON.stringify(outcomes, undefined, 2));
  else console.log(countsLine({ passed: outcomes.length - missed, failed: missed, skipped: 0 }));
  return missed === 0 ? 0 : 1;
}

function isWanted({ name }: PlacedGuard, names: readonly string[]): boolean {
  return names.length === 0
    ? PLANTED_BUGS.includes(name)
    : names.some((beginning) => name.startsWith(beginning));
}

async function livesWithout(guard: PlacedGuard, { jobs }: SimulateOptions): Promise<PlantedOutcome> {
  const [first] = jobs;
  const argv = [
    '--conditions=@omni/source',
    `--import=${GUARD_IMPORT}?removals=${encodeURIComponent(JSON.stringify(guard.removals))}`,
    MAIN,
    ...[
      '--seed',
      String(first?.seed ?? 1),
      '--seeds',
      String(jobs.length),
      '--seconds',
      String(first?.seconds ?? 60),
    ],
    ...['--jobs', '1', '--once', '--stop-at-first', '--no-shrink', '--json'],
  ];
  const { name, against } = guard;
  const output = await outputOf(argv);
  const report = reportIn(output);
  if (report === undefined)
    return { guard: name, against, found: ['crash'], seed: undefined, simulatedHours: 0 };
  return {
    guard: name,
    against,
    found: Object.keys(report.violations),
    seed: report.failed[0],
    simulatedHours: report.simulatedHours,
  };
}

function outputOf(argv: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, argv, { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}

interface Reported {
  readonly violations: Readonly<Record<string, number>>;
  readonly failed: readonly number[];
  readonly simulatedHours: number;
}

/** `undefined` where the program did not come to its report. */
function reportIn(output: string): Reported | undefined {
  try {
    // The report of this program.
    return JSON.parse(output) as Reported;
  } catch {
    return undefined;
  }
}

function outcomeText({ guard, found, seed, simulatedHours }: PlantedOutcome): string {
  const what = found.length === 0 ? 'NOT NOTICED' : `noticed as ${found.join(', ')} (seed ${seed ?? 'none'})`;
  return `${guard.padEnd(32)} ${what} after ${simulatedHours.toFixed(1)} h`;
}
