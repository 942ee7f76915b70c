import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Sample, SkippedSubject, StdioResult } from '../bench-result.ts';
import { measure, type BenchSession, type MeasuredProcess } from '../bench-session.ts';
import { calibrate, steadyOf } from '../calibration.ts';
import { cellResult, type Group } from '../cell-result.ts';
import type { LoadResult } from '../load-job.ts';
import { shuffled } from '../seeded-random.ts';
import { STDIO_SUBJECTS, type StdioSubject } from '../subjects/stdio-programs.ts';

const BYTES = 200;
const IN_FLIGHT = [1, 32];
const WARM_UP_MS = 500;
const START_TIMEOUT_MS = 20_000;
const FIRST_JOB = { bytes: BYTES, connections: 1, warmUpMs: 0, measureMs: 200, drainMs: 500 };
/** The compiler works as long as for subjects over HTTP. */
const WARM_UP_JOB = { bytes: BYTES, connections: 32, warmUpMs: 0, measureMs: 4_000 };

/** What W-stdio is to run. */
export interface StdioPlan {
  readonly rounds: number;
  readonly measureMs: number;
}

/** Stdio in, stdio out: calls of one client, alone and 32 at the same time. */
export async function runStdio(session: BenchSession, plan: StdioPlan): Promise<StdioResult> {
  const running = new Map<string, MeasuredProcess>();
  const skipped: SkippedSubject[] = [];
  for (const subject of STDIO_SUBJECTS) {
    try {
      running.set(subject.name, await start(session, subject));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      session.progress(`stdio: ${subject.name} is left out: ${reason}`);
      skipped.push({ name: subject.name, reason });
    }
  }
  const groups: (Group & { readonly connections: number })[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    session.progress(`stdio: round ${round + 1} of ${plan.rounds}`);
    for (const connections of shuffled(IN_FLIGHT, session.random)) {
      const calibration = await calibrate(session.cores);
      const samples = new Map<string, Sample>();
      for (const [name, subject] of shuffled([...running], session.random)) {
        const job = { bytes: BYTES, connections, warmUpMs: WARM_UP_MS, measureMs: plan.measureMs };
        samples.set(name, await measure(session, { running: subject }, job, round));
      }
      groups.push({ connections, calibration, samples });
    }
  }
  for (const name of running.keys()) await session.load.end(name);
  const steady = steadyOf(groups.map(({ calibration }) => calibration));
  const names = [...running.keys()];
  return {
    subjects: STDIO_SUBJECTS.map(({ name, description }) => ({ name, description })),
    skipped,
    cells: IN_FLIGHT.map((connections) => {
      const kept = groups.filter((group, index) => group.connections === connections && steady.has(index));
      return cellResult({ bytes: BYTES, connections, rounds: plan.rounds }, kept, names, session.seed);
    }),
  };
}

/** Starts a program, finds that it answers rightly, and warms it up. */
async function start(session: BenchSession, subject: StdioSubject): Promise<MeasuredProcess> {
  session.progress(`stdio: starting ${subject.name}`);
  subject.version();
  const folder = join(session.folder, `stdio-${subject.name}`);
  mkdirSync(folder, { recursive: true });
  const { upstream, cores } = session;
  const pid = await session.load.spawn(subject.program({ upstream, cores, folder }));
  const running = { target: subject.target, process: { pid } };
  const targets = [subject.target];
  await untilRight(() => session.load.run({ ...FIRST_JOB, targets }));
  await session.load.run({ ...WARM_UP_JOB, targets });
  return running;
}

/** A gateway may greet its client before its server is there. */
async function untilRight(call: () => Promise<LoadResult>): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const { calls, faults } = await call();
    if (calls > 0 && Object.keys(faults).length === 0) return;
    if (performance.now() > deadline) throw new Error(`it answers wrongly: ${JSON.stringify(faults)}`);
  }
}
