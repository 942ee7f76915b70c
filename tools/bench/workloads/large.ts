import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LargeResult, Sample, SkippedSubject } from '../bench-result.ts';
import {
  measure,
  ownPids,
  startSubjects,
  stopSubjects,
  type BenchSession,
  type StartedSubject,
} from '../bench-session.ts';
import { calibrate, steadyOf } from '../calibration.ts';
import { cellResult, type Group } from '../cell-result.ts';
import { memoryOf } from '../process-tree.ts';
import { shuffled } from '../seeded-random.ts';
import { bootstrapMedian } from '../statistics.ts';
import type { Subject } from '../subjects/subject.ts';

const BYTES = 1_000_000;
const MANY = 32;
const WARM_UP_MS = 500;
/** Each round starts every subject anew, because memory that was once resident stays so. */
const MAX_ROUNDS = 5;
const NAMES: ReadonlySet<string> = new Set(['nginx', 'node-forwarder', 'omni']);
/** Sets the highest resident memory of a process to the present one (proc_pid_clear_refs(5)). */
const RESET_PEAK = '5';

/** What W-large is to run. */
export interface LargePlan {
  readonly subjects: readonly Subject[];
  readonly rounds: number;
  readonly measureMs: number;
}

/**
 * Results of 1 MB: throughput at 32 connections, and what the highest resident memory grows by from one call
 * at a time to 32.
 */
export async function runLarge(session: BenchSession, plan: LargePlan): Promise<LargeResult> {
  const subjects = plan.subjects.filter(({ name }) => NAMES.has(name));
  const names = subjects.map(({ name }) => name);
  const groups: Group[] = [];
  const growth = new Map<string, number[]>(names.map((name) => [name, []]));
  const skipped = new Map<string, SkippedSubject>();
  const rounds = Math.min(plan.rounds, MAX_ROUNDS);
  for (let round = 0; round < rounds; round += 1) {
    session.progress(`W-large: round ${round + 1} of ${rounds}`);
    const calibration = await calibrate(session.cores);
    const samples = new Map<string, Sample>();
    for (const subject of shuffled(subjects, session.random)) {
      mkdirSync(join(session.folder, `W-large-${round}`), { recursive: true });
      const own = { ...session, folder: join(session.folder, `W-large-${round}`), progress: () => undefined };
      const found = await startSubjects(own, [subject], { kind: 'http', sizes: [BYTES], label: 'W-large' });
      for (const each of found.skipped) skipped.set(each.name, each);
      for (const started of found.started) {
        const { sample, bytesPerCall } = await measureGrowth(session, started, {
          measureMs: plan.measureMs,
          round,
        });
        samples.set(subject.name, sample);
        growth.get(subject.name)?.push(bytesPerCall);
      }
      await stopSubjects(found.started);
    }
    groups.push({ calibration, samples });
  }
  const steady = steadyOf(groups.map(({ calibration }) => calibration));
  const kept = groups.filter((_, round) => steady.has(round));
  return {
    cell: cellResult({ bytes: BYTES, connections: MANY, rounds }, kept, names, session.seed),
    growth: [...growth].map(([name, samples]) => ({
      name,
      bytesPerCall: bootstrapMedian(samples, session.seed),
      samples,
    })),
    skipped: [...skipped.values()],
  };
}

async function measureGrowth(
  session: BenchSession,
  started: StartedSubject,
  { measureMs, round }: { readonly measureMs: number; readonly round: number },
): Promise<{ readonly sample: Sample; readonly bytesPerCall: number }> {
  const run = (connections: number): Promise<Sample> =>
    measure(session, started, { bytes: BYTES, connections, warmUpMs: WARM_UP_MS, measureMs }, round);
  const pids = ownPids(started.running.process.pid);
  const peakOf = async (connections: number): Promise<{ peak: number; sample: Sample }> => {
    for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK);
    const sample = await run(connections);
    return { sample, peak: memoryOf(pids).peakRssBytes };
  };
  // Once without counting: code is compiled, buffers are sized.
  await run(1);
  const one = await peakOf(1);
  const many = await peakOf(MANY);
  return { sample: many.sample, bytesPerCall: (many.peak - one.peak) / (MANY - 1) };
}
