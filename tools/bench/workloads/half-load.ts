import type { HalfLoadResult, HalfLoadSubject, Sample } from '../bench-result.ts';
import {
  measure,
  measureOrDrop,
  startSubjects,
  stopSubjects,
  type BenchSession,
  type StartedSubject,
} from '../bench-session.ts';
import { calibrate, steadyOf, type Calibration } from '../calibration.ts';
import { shuffled } from '../seeded-random.ts';
import { differenceOfRounds, median, type Estimate } from '../statistics.ts';
import { direct } from '../subjects/direct.ts';
import type { Subject } from '../subjects/subject.ts';

const BYTES = 200;
const CAPACITY_CONNECTIONS = 32;
const CAPACITY_RUNS = 3;
const OPEN_LOOP_CONNECTIONS = 128;
const WARM_UP_MS = 500;
const LOAD_SHARE = 0.5;
const MIN_SENT_SHARE = 0.99;

/** What W-half is to run. */
export interface HalfLoadPlan {
  readonly subjects: readonly Subject[];
  readonly rounds: number;
  readonly measureMs: number;
}

interface Pair {
  readonly subject: Sample;
  readonly direct: Sample;
}

/**
 * Latency at half of each subject's own capacity, open loop, each time next to a direct run at the same rate.
 */
export async function runHalfLoad(session: BenchSession, plan: HalfLoadPlan): Promise<HalfLoadResult> {
  const subjects = [direct, ...plan.subjects.filter(({ name }) => name !== direct.name)];
  const { started, skipped } = await startSubjects(session, subjects, {
    kind: 'http',
    sizes: [BYTES],
    label: 'W-half',
  });
  const [baseline, ...others] = started;
  if (baseline?.subject.name !== direct.name) {
    await stopSubjects(started);
    return { subjects: [], skipped, calibrations: [] };
  }
  const capacities = new Map<string, number>();
  const active = [...others];
  const attempt = <T>(other: StartedSubject, act: () => Promise<T>): Promise<T | undefined> =>
    measureOrDrop(session, other, { active, skipped }, act);
  for (const other of others) {
    const capacity = await attempt(other, () => capacityOf(session, other, plan.measureMs));
    if (capacity !== undefined) capacities.set(other.subject.name, capacity);
  }

  const pairs = new Map<string, Pair[]>(others.map(({ subject }) => [subject.name, []]));
  const calibrations: Calibration[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    session.progress(`W-half: round ${round + 1} of ${plan.rounds}`);
    calibrations.push(await calibrate(session.cores));
    for (const other of shuffled(active, session.random)) {
      const ratePerSecond = (capacities.get(other.subject.name) ?? 0) * LOAD_SHARE;
      if (ratePerSecond === 0) continue;
      const pair = await attempt(other, () =>
        measurePair(session, { baseline, other, ratePerSecond, round }, plan.measureMs),
      );
      if (pair !== undefined) pairs.get(other.subject.name)?.push(pair);
    }
  }
  await stopSubjects(started);
  const steady = steadyOf(calibrations);
  return {
    subjects: [...pairs].map(([name, all]) =>
      summarize(name, all, { capacity: capacities.get(name) ?? 0, steady, seed: session.seed }),
    ),
    skipped,
    calibrations,
  };
}

async function capacityOf(
  session: BenchSession,
  started: StartedSubject,
  measureMs: number,
): Promise<number> {
  const rates: number[] = [];
  for (let run = 0; run < CAPACITY_RUNS; run += 1) {
    const job = { bytes: BYTES, connections: CAPACITY_CONNECTIONS, warmUpMs: WARM_UP_MS, measureMs };
    rates.push((await measure(session, started, job, run)).callsPerSecond);
  }
  return median(rates) ?? 0;
}

async function measurePair(
  session: BenchSession,
  pair: { baseline: StartedSubject; other: StartedSubject; ratePerSecond: number; round: number },
  measureMs: number,
): Promise<Pair> {
  const job = {
    bytes: BYTES,
    connections: OPEN_LOOP_CONNECTIONS,
    warmUpMs: WARM_UP_MS,
    measureMs,
    ratePerSecond: pair.ratePerSecond,
  };
  const run = (started: StartedSubject): Promise<Sample> => measure(session, started, job, pair.round);
  if (session.random() < 0.5) {
    const subject = await run(pair.other);
    return { subject, direct: await run(pair.baseline) };
  }
  const first = await run(pair.baseline);
  return { subject: await run(pair.other), direct: first };
}

function summarize(
  name: string,
  all: readonly Pair[],
  context: { readonly capacity: number; readonly steady: ReadonlySet<number>; readonly seed: number },
): HalfLoadSubject {
  const kept = all.filter(
    ({ subject, direct: base }) => context.steady.has(subject.round) && isValid(subject) && isValid(base),
  );
  const added = (quantile: 'p50' | 'p95' | 'p99'): Estimate | undefined => {
    const figure = (sample: Sample): { round: number; value: number } => ({
      round: sample.round,
      value: sample.latencyUs[quantile] / 1_000,
    });
    return differenceOfRounds(
      kept.map(({ subject }) => figure(subject)),
      kept.map(({ direct: base }) => figure(base)),
      context.seed,
    );
  };
  return {
    name,
    capacityPerSecond: context.capacity,
    ratePerSecond: context.capacity * LOAD_SHARE,
    rounds: all.length,
    roundsKept: kept.length,
    addedP50Ms: added('p50'),
    addedP95Ms: added('p95'),
    addedP99Ms: added('p99'),
    samples: all,
  };
}

function isValid({ sentShare = 0, faults }: Sample): boolean {
  return sentShare >= MIN_SENT_SHARE && Object.keys(faults).length === 0;
}
