import type { Cell, CellRatio, CellSubject, Sample, ThroughputResult } from '../bench-result.ts';
import { measure, measureOrDrop, startSubjects, stopSubjects, type BenchSession, type StartedSubject } from '../bench-session.ts';
import { calibrate, steadyOf, type Calibration } from '../calibration.ts';
import { shuffled } from '../seeded-random.ts';
import { bootstrapMedian, median, ratioOfRounds, type RoundFigure } from '../statistics.ts';
import type { Subject, UpstreamKind } from '../subjects/subject.ts';

const WARM_UP_MS = 500;
/** What subjects are compared with. */
const REFERENCES: ReadonlySet<string> = new Set(['direct', 'nginx', 'node-forwarder', 'sdk-gateway']);
const CANDIDATE = 'omni';

/** What W1 or W2 is to run. */
export interface ThroughputPlan {
  readonly workload: 'W1' | 'W2';
  readonly kind: UpstreamKind;
  readonly sizes: readonly number[];
  readonly connections: readonly number[];
  readonly subjects: readonly Subject[];
  readonly rounds: number;
  readonly measureMs: number;
}

/** All subjects at one cell in one round: as close together in time as can be, and with one calibration. */
interface Group {
  readonly cell: number;
  readonly calibration: Calibration;
  readonly samples: ReadonlyMap<string, Sample>;
}

/** Closed-loop throughput of `tools/call`: rounds over all cells in shuffled order, in each cell all subjects in shuffled order. */
export async function runThroughput(session: BenchSession, plan: ThroughputPlan): Promise<ThroughputResult> {
  const { started, skipped } = await startSubjects(session, plan.subjects, { kind: plan.kind, sizes: plan.sizes, label: plan.workload });
  const cells = plan.sizes.flatMap((bytes) => plan.connections.map((connections) => ({ bytes, connections })));
  const active = [...started];
  const groups: Group[] = [];
  for (let round = 0; round < plan.rounds && active.length > 0; round += 1) {
    session.progress(`${plan.workload}: round ${round + 1} of ${plan.rounds}`);
    for (const cell of shuffled([...cells.keys()], session.random)) {
      const shape = cells[cell];
      if (shape === undefined) continue;
      const calibration = await calibrate(session.cores);
      const samples = new Map<string, Sample>();
      for (const subject of shuffled(active, session.random)) {
        const job = { ...shape, warmUpMs: WARM_UP_MS, measureMs: plan.measureMs };
        const sample = await measureOrDrop(session, subject, { active, skipped }, () => measure(session, subject, job, round));
        if (sample !== undefined) samples.set(subject.subject.name, sample);
      }
      groups.push({ cell, calibration, samples });
    }
  }
  const steady = steadyOf(groups.map(({ calibration }) => calibration));
  const results = cells.map((shape, cell) => {
    const kept = groups.filter((group, index) => group.cell === cell && steady.has(index));
    return cellResult({ ...shape, rounds: plan.rounds }, kept, started, session.seed);
  });
  return {
    workload: plan.workload,
    subjects: await stopSubjects(started),
    skipped,
    calibrations: groups.map(({ calibration }) => calibration),
    cells: results,
  };
}

function cellResult(
  shape: { bytes: number; connections: number; rounds: number },
  kept: readonly Group[],
  started: readonly StartedSubject[],
  seed: number,
): Cell {
  const samplesOf = new Map(started.map(({ subject: { name } }) => [name, kept.flatMap(({ samples }) => samples.get(name) ?? [])]));
  const subjects = [...samplesOf].flatMap(([name, samples]) => cellSubject(name, samples, seed) ?? []);
  const ratios = [...samplesOf.keys()].flatMap((of) =>
    [...samplesOf.keys()]
      .filter((to) => to !== of && (REFERENCES.has(to) || of === CANDIDATE))
      .flatMap((to) => cellRatio(of, to, samplesOf, seed) ?? []),
  );
  return { ...shape, roundsKept: kept.length, subjects, ratios };
}

function cellSubject(name: string, samples: readonly Sample[], seed: number): CellSubject | undefined {
  const callsPerSecond = bootstrapMedian(
    samples.map((sample) => sample.callsPerSecond),
    seed,
  );
  if (callsPerSecond === undefined) return undefined;
  const middle = (pick: (sample: Sample) => number): number => median(samples.map(pick)) ?? 0;
  return {
    name,
    callsPerSecond,
    p50Us: middle(({ latencyUs }) => latencyUs.p50),
    p95Us: middle(({ latencyUs }) => latencyUs.p95),
    p99Us: middle(({ latencyUs }) => latencyUs.p99),
    cpuUsPerCall: middle(({ cpuUsPerCall }) => cpuUsPerCall),
    coreShare: middle(({ coreShare }) => coreShare),
    faults: samples.flatMap(({ faults }) => Object.values(faults)).reduce((sum, count) => sum + count, 0),
    samples,
  };
}

function cellRatio(of: string, to: string, samplesOf: ReadonlyMap<string, readonly Sample[]>, seed: number): CellRatio | undefined {
  const figures = (name: string, pick: (sample: Sample) => number): RoundFigure[] =>
    (samplesOf.get(name) ?? []).map((sample) => ({ round: sample.round, value: pick(sample) }));
  const calls = (sample: Sample): number => sample.callsPerSecond;
  const cpu = (sample: Sample): number => sample.cpuUsPerCall;
  const callsPerSecond = ratioOfRounds(figures(of, calls), figures(to, calls), seed);
  if (callsPerSecond === undefined) return undefined;
  return { of, to, callsPerSecond, perCore: ratioOfRounds(figures(to, cpu), figures(of, cpu), seed) };
}
