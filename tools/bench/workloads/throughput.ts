import type { Sample, ThroughputName, ThroughputResult } from '../bench-result.ts';
import { measure, measureOrDrop, startSubjects, stopSubjects, type BenchSession } from '../bench-session.ts';
import { calibrate, steadyOf } from '../calibration.ts';
import { cellResult, type Group } from '../cell-result.ts';
import { shuffled } from '../seeded-random.ts';
import type { Subject, UpstreamKind } from '../subjects/subject.ts';

const WARM_UP_MS = 500;

/** What W1 or W2 is to run. */
export interface ThroughputPlan {
  readonly workload: ThroughputName;
  readonly kind: UpstreamKind;
  readonly sizes: readonly number[];
  readonly connections: readonly number[];
  readonly subjects: readonly Subject[];
  readonly rounds: number;
  readonly measureMs: number;
  /**
   * Starts all subjects anew in each round: two processes of one program differ by up to 6 % in what the
   * compiler made of it, and rounds of one process all carry the same difference.
   */
  readonly startsAnew: boolean;
}

/**
 * Closed-loop throughput of `tools/call`: rounds over all cells in shuffled order, in each cell all subjects
 * in shuffled order.
 */
export async function runThroughput(session: BenchSession, plan: ThroughputPlan): Promise<ThroughputResult> {
  const startPlan = { kind: plan.kind, sizes: plan.sizes, label: plan.workload };
  const { started, skipped } = await startSubjects(session, plan.subjects, startPlan);
  const names = started.map(({ subject }) => subject.name);
  const cells = plan.sizes.flatMap((bytes) =>
    plan.connections.map((connections) => ({ bytes, connections })),
  );
  let active = [...started];
  const groups: (Group & { readonly cell: number })[] = [];
  for (let round = 0; round < plan.rounds && active.length > 0; round += 1) {
    session.progress(`${plan.workload}: round ${round + 1} of ${plan.rounds}`);
    if (plan.startsAnew && round > 0) {
      await stopSubjects(active);
      const again = await startSubjects(
        session,
        shuffled(
          active.map(({ subject }) => subject),
          session.random,
        ),
        startPlan,
      );
      active = again.started;
      skipped.push(...again.skipped);
    }
    for (const cell of shuffled([...cells.keys()], session.random)) {
      const shape = cells[cell];
      if (shape === undefined) continue;
      const calibration = await calibrate(session.cores);
      const samples = new Map<string, Sample>();
      for (const subject of shuffled(active, session.random)) {
        const job = { ...shape, warmUpMs: WARM_UP_MS, measureMs: plan.measureMs };
        const sample = await measureOrDrop(session, subject, { active, skipped }, () =>
          measure(session, subject, job, round),
        );
        if (sample !== undefined) samples.set(subject.subject.name, sample);
      }
      groups.push({ cell, calibration, samples });
    }
  }
  const steady = steadyOf(groups.map(({ calibration }) => calibration));
  const results = cells.map((shape, cell) => {
    const kept = groups.filter((group, index) => group.cell === cell && steady.has(index));
    return cellResult({ ...shape, rounds: plan.rounds }, kept, names, session.seed);
  });
  return {
    workload: plan.workload,
    subjects: await stopSubjects(active),
    skipped,
    calibrations: groups.map(({ calibration }) => calibration),
    cells: results,
  };
}
