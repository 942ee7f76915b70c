import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Sample, SkippedSubject, SubjectFacts, SubjectMemory } from './bench-result.ts';
import { waitUntilCallable } from './call-once.ts';
import type { LoadJob } from './load-job.ts';
import type { LoadProcess } from './load-process.ts';
import { checkParity } from './parity.ts';
import type { CorePlan } from './pinned-process.ts';
import { commandIncludes, memoryOf, processTree, statOf } from './process-tree.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { RunningSubject, Subject, UpstreamKind } from './subjects/subject.ts';
import type { StdioTarget, Target } from './target.ts';
import { UPSTREAM_FILE, type Upstream } from './upstream-process.ts';

const START_TIMEOUT_MS = 20_000;
/** The compiler, which shares the core, works for some 50,000 calls: two seconds are too few. */
const WARM_UP_JOB = { bytes: 200, connections: 32, warmUpMs: 0, measureMs: 4_000 };

/** What every workload of one run shares. */
export interface BenchSession {
  readonly upstream: Upstream;
  readonly load: LoadProcess;
  readonly cores: CorePlan;
  readonly folder: string;
  readonly seed: number;
  readonly random: SeededRandom;
  /** Reports progress to the person who waits. */
  readonly progress: (text: string) => void;
}

/** What {@link measure} needs to know of a subject. */
export interface MeasuredProcess {
  readonly target: Target | StdioTarget;
  readonly process: { readonly pid: number };
}

/** A subject that was started, found to answer rightly, and warmed up. */
export interface StartedSubject {
  readonly subject: Subject;
  readonly running: RunningSubject;
  readonly deviations: readonly string[];
  readonly idle: SubjectMemory['idleRssBytes'];
}

/**
 * Starts subjects one after another; those that cannot run or answer wrongly are left out with the reason.
 */
export async function startSubjects(
  session: BenchSession,
  subjects: readonly Subject[],
  plan: {
    readonly kind: UpstreamKind;
    readonly sizes: readonly number[];
    readonly label: string;
    readonly isProbed?: boolean;
  },
): Promise<{ started: StartedSubject[]; skipped: SkippedSubject[] }> {
  const started: StartedSubject[] = [];
  const skipped: SkippedSubject[] = [];
  for (const subject of subjects.filter(({ kinds }) => kinds.includes(plan.kind))) {
    session.progress(`${plan.label}: starting ${subject.name}`);
    let running: RunningSubject | undefined;
    try {
      const folder = join(session.folder, `${plan.label}-${subject.name}`);
      mkdirSync(folder, { recursive: true });
      const { kind, isProbed = false } = plan;
      running = await subject.start({
        upstream: session.upstream,
        kind,
        cores: session.cores,
        folder,
        isProbed,
      });
      started.push(await prepare(session, subject, running, plan.sizes));
    } catch (error) {
      const log = running?.process.logTail() ?? '';
      await running?.process.stop();
      const reason = error instanceof Error ? error.message : String(error);
      skipped.push({ name: subject.name, reason: log === '' ? reason : `${reason}; it wrote: ${log}` });
      session.progress(`${plan.label}: ${subject.name} is left out: ${reason}`);
    }
  }
  return { started, skipped };
}

/** Stops what {@link startSubjects} started and states what is known about each. */
export async function stopSubjects(started: readonly StartedSubject[]): Promise<SubjectFacts[]> {
  const facts: SubjectFacts[] = [];
  for (const { subject, running, deviations, idle } of started) {
    const { rssBytes, peakRssBytes } = memoryOf(ownPids(running.process.pid));
    const memory = { idleRssBytes: idle, peakRssBytes, afterRssBytes: rssBytes };
    facts.push({
      name: subject.name,
      description: subject.description,
      dialect: running.target.dialect,
      deviations,
      memory,
    });
    await running.process.stop();
  }
  return facts;
}

/**
 * Runs one job against a subject and reads the CPU time of its process tree at both ends of the measured
 * time.
 */
export async function measure(
  session: BenchSession,
  started: { readonly running: MeasuredProcess },
  job: Omit<LoadJob, 'targets'>,
  round: number,
): Promise<Sample> {
  const { process: subjectProcess, target } = started.running;
  const pidsBefore = ownPids(subjectProcess.pid);
  let before = new Map<number, number>();
  let after = new Map<number, number>();
  let upstreamSeconds = 0;
  const result = await session.load.run(
    { ...job, targets: [target] },
    {
      onMeasuring: () => {
        before = cpuSecondsOf(pidsBefore);
        upstreamSeconds = statOf(session.upstream.pid)?.cpuSeconds ?? 0;
      },
      onMeasured: () => {
        after = cpuSecondsOf(ownPids(subjectProcess.pid));
        upstreamSeconds = (statOf(session.upstream.pid)?.cpuSeconds ?? 0) - upstreamSeconds;
      },
    },
  );
  const cpuSeconds = [...after].reduce((sum, [pid, seconds]) => sum + seconds - (before.get(pid) ?? 0), 0);
  return {
    round,
    callsPerSecond: result.calls / result.seconds,
    latencyUs: result.latencyUs,
    cpuUsPerCall: result.calls === 0 ? 0 : (cpuSeconds * 1_000_000) / result.calls,
    coreShare: cpuSeconds / result.seconds,
    loadCoreShare: (result.loadCpuSeconds + upstreamSeconds) / result.seconds,
    faults: result.faults,
    ...(result.refused === 0 ? {} : { refused: result.refused }),
    ...(result.due === undefined || result.sent === undefined
      ? {}
      : { sentShare: result.due === 0 ? 1 : result.sent / result.due }),
  };
}

/**
 * Runs a measurement; a subject that breaks is moved from `active` to `skipped` with the reason, and the run
 * goes on without it.
 */
export async function measureOrDrop<T>(
  session: BenchSession,
  started: StartedSubject,
  lists: { readonly active: StartedSubject[]; readonly skipped: SkippedSubject[] },
  act: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    const { name } = started.subject;
    const reason = `broke during the run: ${error instanceof Error ? error.message : String(error)}`;
    session.progress(`${name} ${reason}`);
    lists.skipped.push({ name, reason });
    lists.active.splice(lists.active.indexOf(started), 1);
    return undefined;
  }
}

/** Pids of a subject's tree without the upstream's own stdio children. */
export function ownPids(rootPid: number): number[] {
  return processTree(rootPid)
    .map(({ pid }) => pid)
    .filter((pid) => pid === rootPid || !commandIncludes(pid, UPSTREAM_FILE));
}

async function prepare(
  session: BenchSession,
  subject: Subject,
  running: RunningSubject,
  sizes: readonly number[],
): Promise<StartedSubject> {
  const { target, process: subjectProcess } = running;
  await waitUntilCallable(target, { timeoutMs: START_TIMEOUT_MS, isGone: () => subjectProcess.isGone });
  const { deviations } = await checkParity(target, sizes);
  const { rssBytes } = memoryOf(ownPids(subjectProcess.pid));
  await session.load.run({ targets: [target], ...WARM_UP_JOB });
  return { subject, running, deviations, idle: rssBytes };
}

function cpuSecondsOf(pids: readonly number[]): Map<number, number> {
  return new Map(pids.map((pid) => [pid, statOf(pid)?.cpuSeconds ?? 0]));
}
