/**
 * Worker thread that wakes the load generator four times per millisecond: Node's own timers are no finer than
 * a millisecond.
 */
import { parentPort, workerData } from 'node:worker_threads';

const TICK_MS = 0.25;
// Holds: load-run.ts is the only one who starts this worker, with this buffer of two numbers.
const flags = new Int32Array(workerData as SharedArrayBuffer);

while (Atomics.load(flags, 0) === 0) {
  Atomics.wait(flags, 0, 0, TICK_MS);
  if (Atomics.exchange(flags, 1, 1) === 0) parentPort?.postMessage(0);
}
