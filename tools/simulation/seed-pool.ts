import { Worker } from 'node:worker_threads';
import type { SeedResult } from './checked-seed.ts';
import type { SeedJob } from './options.ts';

export interface SeedPoolOptions {
  readonly jobs: readonly SeedJob[];
  readonly workers: number;
  readonly isOnce: boolean;
  /** @returns Whether to go on. */
  readonly onResult: (result: SeedResult) => boolean;
}

/** Runs seeds in threads. */
export async function runSeeds({ jobs, workers, isOnce, onResult }: SeedPoolOptions): Promise<void> {
  const left = [...jobs];
  await Promise.all(
    Array.from({ length: Math.min(workers, jobs.length) }, () => {
      const worker = new Worker(new URL('./seed-worker.ts', import.meta.url), { workerData: { isOnce } });
      return new Promise<void>((resolve, reject) => {
        const next = (): void => {
          const job = left.shift();
          if (job === undefined) void worker.terminate().then(() => resolve());
          else worker.postMessage(job);
        };
        worker.on('error', reject);
        worker.on('message', (result: SeedResult) => {
          if (!onResult(result)) left.length = 0;
          next();
        });
        next();
      });
    }),
  );
}
