import { Worker } from 'node:worker_threads';
import { type CheckOptions, crashedSeed, type SeedResult } from './checked-seed.ts';
import type { SeedJob } from './any-scenario.ts';

export interface SeedPoolOptions {
  readonly jobs: readonly SeedJob[];
  readonly workers: number;
  readonly check: CheckOptions;
  /** Of each thread, beyond what this one was started with. Default: nothing. */
  readonly execArgv?: readonly string[];
  /** @returns Whether to go on. */
  readonly onResult: (result: SeedResult) => boolean;
}

const FROM_SOURCE = '--conditions=@omni/source';

/** Runs seeds in threads. A thread that ends by itself is a finding, and another one takes its place. */
export async function runSeeds({ jobs, workers, onResult, ...options }: SeedPoolOptions): Promise<void> {
  const left = [...jobs];
  const take = (result: SeedResult): void => {
    if (!onResult(result)) left.length = 0;
  };
  const work = async (): Promise<void> => {
    while (left.length > 0) await runThread(left, options, take);
  };
  await Promise.all(Array.from({ length: Math.min(workers, jobs.length) }, work));
}

/** Ends when nothing is left, or with what ends the thread. */
function runThread(
  left: SeedJob[],
  { check, execArgv = [] }: Pick<SeedPoolOptions, 'check' | 'execArgv'>,
  take: (result: SeedResult) => void,
): Promise<void> {
  const worker = new Worker(new URL('./seed-worker.ts', import.meta.url), {
    workerData: check,
    execArgv: [FROM_SOURCE, ...execArgv],
  });
  return new Promise((resolve) => {
    let current: SeedJob | undefined;
    const next = (): void => {
      current = left.shift();
      if (current === undefined) void worker.terminate();
      else worker.postMessage(current);
    };
    worker.on('error', (error: Error) => {
      if (current !== undefined) take(crashedSeed(current, error));
      current = undefined;
    });
    worker.on('exit', () => resolve());
    worker.on('message', (result: SeedResult) => {
      take(result);
      next();
    });
    next();
  });
}
