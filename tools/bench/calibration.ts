import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onCore, type CorePlan } from './pinned-process.ts';
import { steadyRounds, type RoundFigure } from './statistics.ts';

const SPIN_TIMEOUT_MS = 10_000;
const TOLERANCE = 0.25;
const run = promisify(execFile);

/** Milliseconds that the same arithmetic took on each of the two cores. */
export interface Calibration {
  readonly loadMs: number;
  readonly subjectMs: number;
}

/** Times a fixed spin on both cores at once. */
export async function calibrate(cores: CorePlan): Promise<Calibration> {
  const [loadMs, subjectMs] = await Promise.all([spinOn(cores.load), spinOn(cores.subject)]);
  return { loadMs, subjectMs };
}

/** The rounds (by index) in which neither core was more than 25 % off the median of all rounds. */
export function steadyOf(calibrations: readonly Calibration[]): ReadonlySet<number> {
  const figures = (pick: (calibration: Calibration) => number): RoundFigure[] =>
    calibrations.map((calibration, round) => ({ round, value: pick(calibration) }));
  const load = steadyRounds(
    figures(({ loadMs }) => loadMs),
    TOLERANCE,
  );
  const subject = steadyRounds(
    figures(({ subjectMs }) => subjectMs),
    TOLERANCE,
  );
  return new Set([...load].filter((round) => subject.has(round)));
}

async function spinOn(core: number | undefined): Promise<number> {
  const [command = process.execPath, ...args] = [
    ...onCore(core),
    process.execPath,
    fileURLToPath(new URL('./spin.ts', import.meta.url)),
  ];
  const { stdout } = await run(command, args, { timeout: SPIN_TIMEOUT_MS });
  return Number.parseFloat(stdout);
}
