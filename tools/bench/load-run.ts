import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { LatencyHistogram } from './histogram.ts';
import { LoadConnection } from './load-connection.ts';
import type { LoadJob, LoadResult } from './load-job.ts';

const DRAIN_MS = 5_000;
const DRAIN_STEP_MS = 5;
const MAX_FAULTS = 1_000;

/** What a run needs from the process around it. */
export interface LoadRunHooks {
  /** Gives an id that no call had before. */
  readonly nextId: () => number;
  readonly onMeasuring: () => void;
  readonly onMeasured: () => void;
}

/**
 * Counts faults by kind. A run that meets too many is cut short, so that a broken subject cannot keep it
 * busy.
 */
class FaultCount {
  readonly #counts = new Map<string, number>();
  #total = 0;

  get isTooHigh(): boolean {
    return this.#total > MAX_FAULTS;
  }

  add(fault: string): void {
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
  const next = (connection: LoadConnection): void => {
    if (phase !== 'over' && !faults.isTooHigh) connection.send(hooks.nextId(), performance.now());
  };
  const connections = await openConnections(job, (connection, fault) => {
    if (fault !== undefined) faults.add(fault);
    else if (phase === 'measured') histogram.record((performance.now() - connection.dueAt) * 1_000);
    next(connection);
  });
  for (const connection of connections) next(connection);
  await delay(job.warmUpMs);
  phase = 'measured';
  const window = startWindow(hooks);
  await delay(job.measureMs);
  phase = 'over';
  const figures = window.end();
  await drain(connections, faults);
  return { calls: histogram.count, latencyUs: histogram.summary(), faults: faults.toJSON(), ...figures };
}

async function runOpenLoop(job: LoadJob, ratePerSecond: number, hooks: LoadRunHooks): Promise<LoadResult> {
  const histogram = new LatencyHistogram();
  const faults = new FaultCount();
  const free: LoadConnection[] = [];
  const waiting: number[] = [];
  let measureFrom = Number.POSITIVE_INFINITY;
  let sent = 0;
  const send = (connection: LoadConnection, dueAt: number): void => {
    if (dueAt >= measureFrom) sent += 1;
    connection.send(hooks.nextId(), dueAt);
  };
  const connections = await openConnections(job, (connection, fault) => {
    if (fault !== undefined) faults.add(fault);
    else if (connection.dueAt >= measureFrom)
      histogram.record((performance.now() - connection.dueAt) * 1_000);
    const dueAt = waiting.shift();
    if (dueAt === undefined) free.push(connection);
    else send(connection, dueAt);
  });
  free.push(...connections);

  const start = performance.now();
  measureFrom = start + job.warmUpMs;
  const end = measureFrom + job.measureMs;
  let count = 0;
  const pump = (): void => {
    const now = Math.min(performance.now(), end);
    for (
      let dueAt = start + (count * 1_000) / ratePerSecond;
      dueAt < now;
      dueAt = start + (count * 1_000) / ratePerSecond
    ) {
      count += 1;
      const connection = free.pop();
      if (connection === undefined) waiting.push(dueAt);
      else send(connection, dueAt);
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
  await drain(connections, faults, () => waiting.length > 0);
  const due = count - Math.ceil((job.warmUpMs * ratePerSecond) / 1_000);
  return {
    calls: histogram.count,
    latencyUs: histogram.summary(),
    faults: faults.toJSON(),
    ...figures,
    due,
    sent: sentInTime,
  };
}

async function openConnections(
  job: LoadJob,
  onCallEnd: (connection: LoadConnection, fault: string | undefined) => void,
): Promise<LoadConnection[]> {
  const { target, bytes, what = 'echo' } = job;
  const connections = Array.from(
    { length: job.connections },
    () => new LoadConnection({ target, what, bytes, onCallEnd }),
  );
  await Promise.all(connections.map((connection) => connection.open()));
  return connections;
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
  connections: readonly LoadConnection[],
  faults: FaultCount,
  hasMore: () => boolean = () => false,
): Promise<void> {
  const deadline = performance.now() + DRAIN_MS;
  const isOpen = (): boolean => hasMore() || connections.some((connection) => connection.isBusy);
  while (isOpen() && performance.now() < deadline) await delay(DRAIN_STEP_MS);
  for (const connection of connections) {
    if (connection.isBusy) faults.add('timeout');
    connection.close();
  }
}
