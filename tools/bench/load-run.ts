import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { LatencyHistogram } from './histogram.ts';
import type { Lane, OnCallEnd } from './lane.ts';
import { LoadConnection } from './load-connection.ts';
import type { LoadJob, LoadResult } from './load-job.ts';
import type { StdioPipes } from './stdio-pipes.ts';

const DRAIN_MS = 5_000;
const DRAIN_STEP_MS = 5;
/**
 * For each connection. Node accepts one in each turn of its event loop (libuv #3696): those that were
 * accepted first and call at once would keep the others waiting for seconds.
 */
const ACCEPT_MS = 0.5;
const MAX_FAULTS = 1_000;

/** What a run needs from the process around it. */
export interface LoadRunHooks {
  readonly pipes: StdioPipes;
  /** Gives an id that no call had before. */
  readonly nextId: () => number;
  readonly onMeasuring: () => void;
  readonly onMeasured: () => void;
}

/**
 * Counts faults by kind, and refusals apart. A run that meets too many faults is cut short, so that a broken
 * subject cannot keep it busy.
 */
class FaultCount {
  readonly #counts = new Map<string, number>();
  #total = 0;
  #refused = 0;

  get refused(): number {
    return this.#refused;
  }

  get isTooHigh(): boolean {
    return this.#total > MAX_FAULTS;
  }

  add(fault: string): void {
    if (fault === 'refusal') {
      this.#refused += 1;
      return;
    }
    this.#counts.set(fault, (this.#counts.get(fault) ?? 0) + 1);
    this.#total += 1;
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}

/** Runs one job from connecting to the last answer; takes at most warm-up + measured time + 5 s. */
export async function runLoad(job: LoadJob, hooks: LoadRunHooks): Promise<LoadResult> {
  return job.ratePerSecond === undefined
    ? runClosedLoop(job, hooks)
    : runOpenLoop(job, job.ratePerSecond, hooks);
}

async function runClosedLoop(job: LoadJob, hooks: LoadRunHooks): Promise<LoadResult> {
  const histogram = new LatencyHistogram();
  const faults = new FaultCount();
  let phase: 'warm-up' | 'measured' | 'over' = 'warm-up';
  const next = (lane: Lane): void => {
    if (phase !== 'over' && !faults.isTooHigh) lane.send(hooks.nextId(), performance.now());
  };
  const lanes = await openLanes(job, hooks, (lane, fault) => {
    if (fault !== undefined) faults.add(fault);
    else if (phase === 'measured') histogram.record((performance.now() - lane.dueAt) * 1_000);
    next(lane);
  });
  for (const lane of lanes) next(lane);
  await delay(job.warmUpMs);
  phase = 'measured';
  const window = startWindow(hooks);
  await delay(job.measureMs);
  phase = 'over';
  const figures = window.end();
  await drain(lanes, faults, job);
  return {
    calls: histogram.count,
    latencyUs: histogram.summary(),
    refused: faults.refused,
    faults: faults.toJSON(),
    ...figures,
  };
}

async function runOpenLoop(job: LoadJob, ratePerSecond: number, hooks: LoadRunHooks): Promise<LoadResult> {
  const histogram = new LatencyHistogram();
  const faults = new FaultCount();
  const free: Lane[] = [];
  const waiting: number[] = [];
  let measureFrom = Number.POSITIVE_INFINITY;
  let end = Number.POSITIVE_INFINITY;
  let sent = 0;
  let answered = 0;
  const send = (lane: Lane, dueAt: number): void => {
    if (dueAt >= measureFrom) sent += 1;
    lane.send(hooks.nextId(), dueAt);
  };
  const lanes = await openLanes(job, hooks, (lane, fault) => {
    const now = performance.now();
    if (fault !== undefined) faults.add(fault);
    else {
      if (now >= measureFrom && now < end) answered += 1;
      if (lane.dueAt >= measureFrom) histogram.record((now - lane.dueAt) * 1_000);
    }
    const dueAt = waiting.shift();
    if (dueAt === undefined) free.push(lane);
    else send(lane, dueAt);
  });
  free.push(...lanes);
  // Where targets differ, all have their turns.
  const takeFree = (): Lane | undefined => (job.targets.length > 1 ? free.shift() : free.pop());

  const start = performance.now();
  measureFrom = start + job.warmUpMs;
  end = measureFrom + job.measureMs;
  let count = 0;
  const pump = (): void => {
    const now = Math.min(performance.now(), end);
    for (
      let dueAt = start + (count * 1_000) / ratePerSecond;
      dueAt < now;
      dueAt = start + (count * 1_000) / ratePerSecond
    ) {
      count += 1;
      const lane = takeFree();
      if (lane === undefined) waiting.push(dueAt);
      else send(lane, dueAt);
    }
  };
  const stopTicking = startTicking(pump);
  await delay(job.warmUpMs);
  const window = startWindow(hooks);
  await delay(end - performance.now());
  pump();
  const figures = window.end();
  const sentInTime = sent;
  stopTicking();
  await drain(lanes, faults, job, () => waiting.length > 0);
  const due = count - Math.ceil((job.warmUpMs * ratePerSecond) / 1_000);
  return {
    calls: histogram.count,
    latencyUs: histogram.summary(),
    refused: faults.refused,
    faults: faults.toJSON(),
    ...figures,
    due,
    sent: sentInTime,
    answered,
  };
}

async function openLanes(job: LoadJob, { pipes }: LoadRunHooks, onCallEnd: OnCallEnd): Promise<Lane[]> {
  const { targets, bytes, what = 'echo' } = job;
  const lanes = Array.from({ length: job.connections }, async (_, index): Promise<Lane> => {
    const target = targets[index % targets.length];
    if (target === undefined) throw new RangeError('a job without a target');
    if ('pipe' in target) return pipes.lane(target, bytes, onCallEnd);
    const connection = new LoadConnection({ target, what, bytes, onCallEnd });
    await connection.open();
    return connection;
  });
  const open = await Promise.all(lanes);
  await delay(ACCEPT_MS * open.length);
  return open;
}

function startWindow(hooks: LoadRunHooks): { end: () => { seconds: number; loadCpuSeconds: number } } {
  hooks.onMeasuring();
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  return {
    end: () => {
      const seconds = (performance.now() - startedAt) / 1_000;
      const used = process.cpuUsage(cpu);
      hooks.onMeasured();
      return { seconds, loadCpuSeconds: (used.user + used.system) / 1_000_000 };
    },
  };
}

function startTicking(onTick: () => void): () => void {
  const shared = new SharedArrayBuffer(8);
  const flags = new Int32Array(shared);
  const worker = new Worker(new URL('./ticker.ts', import.meta.url), { workerData: shared });
  worker.on('message', () => {
    Atomics.store(flags, 1, 0);
    onTick();
  });
  return () => {
    Atomics.store(flags, 0, 1);
    Atomics.notify(flags, 0);
  };
}

async function drain(
  lanes: readonly Lane[],
  faults: FaultCount,
  { drainMs = DRAIN_MS }: LoadJob,
  hasMore: () => boolean = () => false,
): Promise<void> {
  const deadline = performance.now() + drainMs;
  const isOpen = (): boolean => hasMore() || lanes.some((lane) => lane.isBusy);
  while (isOpen() && performance.now() < deadline) await delay(DRAIN_STEP_MS);
  for (const lane of lanes) {
    if (lane.isBusy) faults.add('timeout');
    lane.close();
  }
}
