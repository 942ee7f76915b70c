import type { Cell, CellRatio, CellSubject, Sample } from './bench-result.ts';
import type { Calibration } from './calibration.ts';
import { bootstrapMedian, median, ratioOfRounds, type RoundFigure } from './statistics.ts';

/** What subjects are compared with. */
const REFERENCES: ReadonlySet<string> = new Set([
  'direct',
  'nginx',
  'node-forwarder',
  'node-responder',
  'sdk-gateway',
  'omni-bare',
]);
const CANDIDATE = 'omni';

/** All subjects at one cell in one round: as close together in time as can be, and with one calibration. */
export interface Group {
  readonly calibration: Calibration;
  readonly samples: ReadonlyMap<string, Sample>;
}

/** Medians and ratios of the groups that were kept, for the subjects of these names. */
export function cellResult(
  shape: { readonly bytes: number; readonly connections: number; readonly rounds: number },
  kept: readonly Group[],
  names: readonly string[],
  seed: number,
): Cell {
  const samplesOf = new Map(
    names.map((name) => [name, kept.flatMap(({ samples }) => samples.get(name) ?? [])]),
  );
  const subjects = [...samplesOf].flatMap(([name, samples]) => cellSubject(name, samples, seed) ?? []);
  const ratios = names.flatMap((of) =>
    names
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

function cellRatio(
  of: string,
  to: string,
  samplesOf: ReadonlyMap<string, readonly Sample[]>,
  seed: number,
): CellRatio | undefined {
  const figures = (name: string, pick: (sample: Sample) => number): RoundFigure[] =>
    (samplesOf.get(name) ?? []).map((sample) => ({ round: sample.round, value: pick(sample) }));
  const calls = (sample: Sample): number => sample.callsPerSecond;
  const cpu = (sample: Sample): number => sample.cpuUsPerCall;
  const callsPerSecond = ratioOfRounds(figures(of, calls), figures(to, calls), seed);
  if (callsPerSecond === undefined) return undefined;
  return { of, to, callsPerSecond, perCore: ratioOfRounds(figures(to, cpu), figures(of, cpu), seed) };
}
