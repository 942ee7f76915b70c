/**
 * Calls through Omni beside those through a forwarder that reads nothing: what both cost, in the same rounds.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure, type BenchSession } from './bench-session.ts';
import { waitUntilCallable } from './call-once.ts';
import { LoadProcess } from './load-process.ts';
import { killAllProcesses } from './pinned-process.ts';
import { createSeededRandom, shuffled } from './seeded-random.ts';
import { median } from './statistics.ts';
import { nodeForwarder } from './subjects/node-forwarder.ts';
import { FROM_SOURCES, omniTarget, startOmni } from './subjects/omni.ts';
import type { RunningSubject } from './subjects/subject.ts';
import { UPSTREAM_NAME } from './target.ts';
import { startUpstream } from './upstream-process.ts';

export const JOB = { bytes: 200, connections: 16, warmUpMs: 30, measureMs: 200 };
/** Until then the compiler still works; at most so many tries on a machine that is busy with other things. */
const WARM_CALLS = 5_000;
const WARM_TRIES = 6;
const START_TIMEOUT_MS = 20_000;
const SEED = 1;
// Wherever the system puts them: neither CPU time nor allocation hardly depends on it, and all are measured
// in turns.
const CORES = { load: undefined, subject: undefined };

/** What Omni costs, compared with the forwarder: as it is, and as a negative control that was slowed down. */
export type ComparedCost = Readonly<Record<'omni' | 'slowed', number>>;

/** How a cost is measured and compared. */
export interface ComparisonPlan {
  readonly rounds: number;
  readonly costOf: (session: BenchSession, running: RunningSubject, round: number) => Promise<number>;
  readonly compare: (cost: number, forwarders: number) => number;
}

type Subjects = Readonly<Record<'forwarder' | 'omni' | 'slowed', RunningSubject>>;

async function startAll(session: BenchSession, folder: string): Promise<Subjects> {
  const servers = { [UPSTREAM_NAME]: { type: 'http', url: session.upstream.url } } as const;
  const own = (name: string): string => {
    const path = join(folder, name);
    mkdirSync(path);
    return path;
  };
  const omni = async (name: string, program: readonly string[]): Promise<RunningSubject> => {
    const running = await startOmni(servers, CORES, own(name), { program, isProbed: true });
    return { ...running, target: omniTarget(running) };
  };
  const started = {
    forwarder: await nodeForwarder.start({
      upstream: session.upstream,
      kind: 'http',
      cores: CORES,
      folder: own('forwarder'),
      isProbed: true,
    }),
    omni: await omni('omni', FROM_SOURCES),
    slowed: await omni('slowed', [
      '--import',
      new URL('./slowed-decoder.ts', import.meta.url).href,
      ...FROM_SOURCES,
    ]),
  };
  for (const { target, process } of Object.values(started)) {
    await waitUntilCallable(target, { timeoutMs: START_TIMEOUT_MS, isGone: () => process.isGone }).catch(
      (cause: unknown) => {
        throw new Error(`it cannot be called and wrote: ${process.logTail()}`, { cause });
      },
    );
  }
  return started;
}

async function warmUp(session: BenchSession, running: RunningSubject): Promise<void> {
  let calls = 0;
  for (let tries = 0; tries < WARM_TRIES && calls < WARM_CALLS; tries += 1) {
    calls += ((await measure(session, { running }, JOB, 0)).callsPerSecond * JOB.measureMs) / 1_000;
  }
}

/**
 * Starts the forwarder, Omni and a slowed Omni, measures all in turns, and compares the cost of each round
 * with that of the forwarder in the same round; ends them all.
 */
export async function comparedWithForwarder(plan: ComparisonPlan): Promise<ComparedCost> {
  const folder = mkdtempSync(join(tmpdir(), 'omni-call-cost-'));
  try {
    const session: BenchSession = {
      upstream: await startUpstream(CORES, folder),
      load: await LoadProcess.start(CORES, folder),
      cores: CORES,
      folder,
      seed: SEED,
      random: createSeededRandom(SEED),
      progress: () => undefined,
    };
    const subjects = await startAll(session, folder);
    for (const running of Object.values(subjects)) await warmUp(session, running);
    return await compared(session, subjects, plan);
  } finally {
    killAllProcesses();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compared(
  session: BenchSession,
  subjects: Subjects,
  { rounds, costOf, compare }: ComparisonPlan,
): Promise<ComparedCost> {
  const measured: Readonly<Record<string, number>>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const costs: Record<string, number> = {};
    for (const [name, running] of shuffled(Object.entries(subjects), session.random))
      costs[name] = await costOf(session, running, round);
    measured.push(costs);
  }
  const middle = (name: string): number =>
    median(measured.map((costs) => compare(costs[name] ?? Number.NaN, costs['forwarder'] ?? Number.NaN))) ??
    Number.NaN;
  return { omni: middle('omni'), slowed: middle('slowed') };
}
