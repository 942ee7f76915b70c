/** Runs seeds in a thread of its own, one after the other, as it is told. */
import { parentPort, workerData } from 'node:worker_threads';
import { type CheckOptions, checkSeed } from './checked-seed.ts';
import type { SeedJob } from './any-scenario.ts';

// The only one who starts this sends it these.
const options = workerData as CheckOptions;
parentPort?.on('message', (job: SeedJob) => {
  void checkSeed(job, options).then((result) => parentPort?.postMessage(result));
});
